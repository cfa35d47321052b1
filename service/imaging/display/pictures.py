"""One frame after another as pictures, each with the text and the colour space that the client asks for."""

from collections.abc import AsyncIterable, AsyncIterator, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

import anyio.to_thread

from service.archive import Archive
from service.archive.index.lookups.lookup import Pictured
from service.archive.index.lookups.metadata import attributes_of
from service.archive.instance import Instance, Located
from service.cache import Cache
from service.dicom.text.captions import captions
from service.dicom_json import Attributes, DicomJson, items
from service.errors import DicomwebError, InstanceNotFound
from service.imaging.decoder import Decoder
from service.imaging.description import description_of
from service.imaging.display.rendering import Rendering
from service.imaging.display.values import binary_value
from service.pixels.codecs.decode import DECODABLE_SYNTAXES
from service.pixels.display import icc
from service.pixels.display.annotation import Annotation
from service.pixels.display.render import ColourSpace, RenderOptions, card, render
from service.scope import EVERYTHING

_ICC_PROFILE = "00282000"
_OPTICAL_PATHS = "00480105"
_FALLBACK_SPACE = "srgb"


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame to be shown.

    Attributes:
        located: its instance.
        number: counted from 1.
    """

    located: Located
    number: int


def decodable(images: Iterable[Pictured]) -> list[Pictured]:
    """Return those images whose transfer syntax is decoded here."""
    return [image for image in images if image.instance.transfer_syntax in DECODABLE_SYNTAXES]


async def frames_of(located: Located, numbers: Iterable[int]) -> AsyncIterator[Shot]:
    """Yield frames of an instance."""
    for number in numbers:
        yield Shot(located, number)


async def stills(archive: Archive, instances: Sequence[Instance]) -> AsyncIterator[Shot]:
    """Yield the first frame of each instance that is still there."""
    for instance in instances:
        with suppress(InstanceNotFound):
            yield Shot(await archive.recent.find(EVERYTHING, instance.uids), 1)


async def reel(archive: Archive, instances: Sequence[Instance]) -> AsyncIterator[Shot]:
    """Yield every frame of every instance that has the size of the first one: an animation has one size.

    Raises:
        DicomwebError: there is no frame that is described; why not.
    """
    size, failure = None, None
    for instance in instances:
        try:
            located = await archive.recent.find(EVERYTHING, instance.uids)
            description = await anyio.to_thread.run_sync(description_of, located, 1)
        except DicomwebError as error:
            failure = error
            continue
        size = size or (description.rows, description.columns)
        if located.frames and size == (description.rows, description.columns):
            for number in range(1, located.frames.number_of_frames + 1):
                yield Shot(located, number)
    if failure and size is None:
        raise failure


class Pictures:
    """Makes pictures, and keeps those made last. For the event loop's thread alone."""

    def __init__(self, archive: Archive, decoder: Decoder, max_bytes: int) -> None:
        self._archive = archive
        self._decoder = decoder
        self._kept: Cache[bytes] = Cache(max_bytes)

    async def all_of(
        self, located: Located, numbers: Iterable[int], rendering: Rendering, media_type: str
    ) -> AsyncIterator[tuple[Shot, bytes]]:
        """Yield frames of an instance with their pictures; one that cannot be made is a gray card.

        Raises:
            DicomwebError: none could be made; why the last one could not.
        """
        made, failed = 0, list[Shot]()
        failure: DicomwebError | None = None
        async for shot, picture in self._attempts(frames_of(located, numbers), rendering, media_type):
            if isinstance(picture, DicomwebError):
                failure = picture
                failed.append(shot)
            else:
                made = shot.number
            if made:
                for gap in failed:
                    yield gap, await self._card(gap, made, rendering, media_type)
                failed.clear()
            if not isinstance(picture, DicomwebError):
                yield shot, picture
        if failure and not made:
            raise failure

    async def of(
        self, shots: AsyncIterable[Shot], rendering: Rendering, media_type: str
    ) -> AsyncIterator[tuple[Shot, bytes]]:
        """Yield each frame with its picture as an image file.

        Raises:
            DicomwebError: a frame cannot be read, decoded or shown.
        """
        async for shot, picture in self._attempts(shots, rendering, media_type):
            if isinstance(picture, DicomwebError):
                raise picture
            yield shot, picture

    async def possible(
        self, shots: AsyncIterable[Shot], rendering: Rendering, media_type: str
    ) -> AsyncIterator[tuple[Shot, bytes]]:
        """Yield pictures as `of` does, and leave out those that cannot be made.

        Raises:
            DicomwebError: none could be made; why the last one could not.
        """
        failure: DicomwebError | None = None
        none_made = True
        async for shot, picture in self._attempts(shots, rendering, media_type):
            if isinstance(picture, DicomwebError):
                failure = picture
                continue
            none_made = False
            yield shot, picture
        if failure and none_made:
            raise failure

    async def _attempts(
        self, shots: AsyncIterable[Shot], rendering: Rendering, media_type: str
    ) -> AsyncIterator[tuple[Shot, bytes | DicomwebError]]:
        """Yield each frame with its picture, or with what stood in the way of it."""
        located, options = None, RenderOptions()
        async for shot in shots:
            try:
                if shot.located is not located:
                    options = await self._options(shot.located, rendering, media_type)
                    located = shot.located
                picture: bytes | DicomwebError = await self._picture(shot, options)
            except DicomwebError as error:
                picture = error
            yield shot, picture

    async def _card(self, shot: Shot, made: int, rendering: Rendering, media_type: str) -> bytes:
        """Return a gray card in the place of a frame's picture, as large as that of a frame that was made."""
        options = RenderOptions(media_type, viewport=rendering.viewport, quality=rendering.quality)
        description = await anyio.to_thread.run_sync(description_of, shot.located, made)
        return await self._decoder.threads.run(partial(card, f"NO {shot.number}", description, options))

    async def _picture(self, shot: Shot, options: RenderOptions) -> bytes:
        """Return a frame's picture; one without a patient's name on it is kept for the next who asks."""
        work = partial(render, options=options)
        if options.annotation is not None or options.colour_space is not None:
            return await self._decoder.apply(shot.located, shot.number, work)
        key = (shot.located.instance.digest, shot.number, options)
        picture = self._kept.get(key)
        if picture is None:
            picture = await self._decoder.apply(shot.located, shot.number, work)
            self._kept.keep(key, picture, len(picture))
        return picture

    async def _options(self, located: Located, rendering: Rendering, media_type: str) -> RenderOptions:
        """Return how the frames of an instance are rendered; metadata are read only where they matter."""
        annotation, space = None, None
        if rendering.annotation or rendering.has_profile:
            attributes = await self._archive.index.read(attributes_of, located.instance)
            annotation = _annotation(attributes, rendering.annotation)
            space = await _colour_space(self._archive, located.instance, attributes, rendering)
        return RenderOptions(
            media_type, rendering.window, rendering.viewport, rendering.quality, annotation, space
        )


def _annotation(attributes: DicomJson, keywords: Sequence[str]) -> Annotation | None:
    """Return the text: on the patient above, on technique below."""
    if not keywords:
        return None
    lines = {keyword: captions(attributes, keyword) for keyword in keywords}
    return Annotation(lines.get("patient", ()), lines.get("technique", ()))


async def _colour_space(
    archive: Archive, instance: Instance, attributes: DicomJson, rendering: Rendering
) -> ColourSpace | None:
    """Return the file's own space and the wanted one; a file that states none is taken as sRGB."""
    if not rendering.has_profile:
        return None
    source = await _own_profile(archive, instance, attributes) or icc.profile(_FALLBACK_SPACE)
    target = icc.profile(rendering.icc_profile) if rendering.icc_profile in icc.SPACES else source
    return ColourSpace(source, target)


async def _own_profile(archive: Archive, instance: Instance, attributes: DicomJson) -> bytes | None:
    """Return the ICC profile of the image, or of its first optical path."""
    first_path: Attributes = next(iter(items(attributes, _OPTICAL_PATHS)), {})
    for path, holder in ((_ICC_PROFILE, attributes), (f"{_OPTICAL_PATHS}/1/{_ICC_PROFILE}", first_path)):
        content = await binary_value(archive, instance, holder.get(_ICC_PROFILE, {}), path)
        if content is not None and content.size <= icc.MAX_PROFILE_BYTES:
            profile = b"".join([chunk async for chunk in content.read(0, content.size)])
            if icc.is_usable(profile):
                return profile
    return None
