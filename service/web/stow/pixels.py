"""Pixel Data that came as bulk data: kept as they are, or made native, and described where metadata lack it.

Standard: PS3.18 10.5.1.4, Tables 10.5.2-1 and 8.7.3-4, -5.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from math import prod

import anyio.to_thread

from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.explicit import Value
from service.dicom.instance import TOO_LARGE, TRANSFER_SYNTAX_NOT_SUPPORTED
from service.dicom_json import DicomJson, integer
from service.errors import Refusal, shorten
from service.pixels.codecs import png_gif
from service.pixels.headers.image_pixel import (
    CODE_STREAMS,
    STREAM_HEAD_BYTES,
    ImagePixel,
    image_pixel_of_stream,
    image_pixel_of_video,
)
from service.pixels.workers.pool import PixelWorkers
from service.transfer_syntaxes import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    HEVC_MAIN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    MPEG_2_HIGH,
    MPEG_4_HIGH,
    OCTET_STREAM,
    RLE_LOSSLESS,
    frame_media_type,
    is_encapsulated,
)
from service.web.stow.bulkdata import BulkdataPart, BulkdataParts

_PIXEL_DATA = "7FE00010"

_SYNTAXES_OF_NATIVE_PARTS = ("", IMPLICIT_VR_LITTLE_ENDIAN, EXPLICIT_VR_LITTLE_ENDIAN)
_WITHOUT_PARAMETER = {
    "image/dicom-rle": RLE_LOSSLESS,
    "video/mpeg": MPEG_2_HIGH,
    "video/mp4": MPEG_4_HIGH,
    "video/h265": HEVC_MAIN,
}
"""What a media type means that names no transfer syntax; other streams say it themselves."""

_ROWS, _COLUMNS, _SAMPLES_PER_PIXEL = "00280010", "00280011", "00280002"
_NUMBER_OF_FRAMES = "00280008"
_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT = "00280100", "00280101", "00280102"
_DESCRIBING = (
    *(_SAMPLES_PER_PIXEL, "00280004", _ROWS, _COLUMNS),
    *(_BITS_ALLOCATED, _BITS_STORED, _HIGH_BIT, "00280103"),
)


@dataclass(frozen=True, slots=True)
class PostedPixels:
    """What became of the Pixel Data of an instance.

    Attributes:
        transfer_syntax: of the file to be.
        frames: where the code streams lie that are to be encapsulated; none of native pixels.
        attributes: that the metadata lack, or have otherwise.
        native: where the value of native pixels lies that were made here; None if none were.
    """

    transfer_syntax: str = EXPLICIT_VR_LITTLE_ENDIAN
    frames: Sequence[Value] = ()
    attributes: DicomJson = field(default_factory=dict)
    native: Value | None = None


async def posted_pixels(
    attributes: DicomJson, parts: BulkdataParts, workers: PixelWorkers, max_bytes: int
) -> PostedPixels:
    """Return what the parts make of an instance's Pixel Data.

    Args:
        attributes: of the instance.
        parts: of the request.
        workers: which decode what has to be.
        max_bytes: that the bulk data of the request may grow to.

    Raises:
        Malformed: the parts do not go together, or not with the attributes.
        UndecodableFrame: what has to be read of a part cannot be.
        Refusal: the transfer syntax is none that is kept, or the pixels are too large.
        Unavailable: the disk is full.
    """
    pixel_parts = parts.answering(pixel_data_uri(attributes))
    if not pixel_parts or (
        pixel_parts[0].media_type == OCTET_STREAM
        and pixel_parts[0].transfer_syntax in _SYNTAXES_OF_NATIVE_PARTS
    ):
        return PostedPixels()
    first_part = pixel_parts[0]
    if any(part[:2] != first_part[:2] for part in pixel_parts):
        raise Malformed(f"{_PIXEL_DATA} has parts of different types: expected {first_part.media_type} alone")
    if not all(part.value.length for part in pixel_parts):
        raise Malformed(f"{_PIXEL_DATA} has a part without a byte")
    if first_part.media_type in png_gif.PICTURES:
        return await _native_pixels(attributes, pixel_parts, parts, workers, max_bytes)
    if (
        not first_part.transfer_syntax
        and first_part.media_type not in CODE_STREAMS.keys() | _WITHOUT_PARAMETER
    ):
        message = (
            f"{_PIXEL_DATA} is {shorten(first_part.media_type)}, which is no type of pixels that is kept"
        )
        raise Refusal(message, TRANSFER_SYNTAX_NOT_SUPPORTED)
    if first_part.transfer_syntax and not is_encapsulated(first_part.transfer_syntax):
        message = (
            f"{_PIXEL_DATA} is of transfer syntax {shorten(first_part.transfer_syntax)}, which is not kept"
        )
        raise Refusal(message, TRANSFER_SYNTAX_NOT_SUPPORTED)
    return await anyio.to_thread.run_sync(_encapsulated_pixels, attributes, pixel_parts, parts)


def pixel_data_uri(attributes: DicomJson) -> str:
    """Return the Bulkdata URI of Pixel Data; empty where there is none."""
    attribute = attributes.get(_PIXEL_DATA)
    uri = attribute.get("BulkDataURI") if isinstance(attribute, dict) else None
    return uri if isinstance(uri, str) else ""


def _encapsulated_pixels(
    attributes: DicomJson, pixel_parts: Sequence[BulkdataPart], parts: BulkdataParts
) -> PostedPixels:
    """Return frames that are kept as they are: what is missing is read from the first of them. Blocking."""
    first_part = pixel_parts[0]
    kind = frame_media_type(first_part.transfer_syntax)
    media_type = (first_part.media_type if kind == OCTET_STREAM else kind).lower()
    transfer_syntax = first_part.transfer_syntax or _WITHOUT_PARAMETER.get(media_type, "")
    additions: DicomJson = {}
    if not transfer_syntax or not all(_has_value(attributes, tag) for tag in _DESCRIBING):
        stream_syntax, image = _syntax_and_description(media_type, first_part.value, parts)
        transfer_syntax = transfer_syntax or stream_syntax
        additions = _missing_attributes(attributes, image)
    of_video, number = media_type.startswith("video/"), len(pixel_parts)
    if number > 1 and not _has_value(attributes, _NUMBER_OF_FRAMES):
        additions[_NUMBER_OF_FRAMES] = {"vr": "IS", "Value": [number]}
    expected_number = 1 if of_video else integer(attributes | additions, _NUMBER_OF_FRAMES) or 1
    if number != expected_number:
        raise Malformed(f"{_PIXEL_DATA} has {number} parts: expected {expected_number}")
    return PostedPixels(transfer_syntax, [part.value for part in pixel_parts], additions)


def _syntax_and_description(media_type: str, value: Value, parts: BulkdataParts) -> tuple[str, ImagePixel]:
    """Return the transfer syntax that a part says it is of, empty if it does not, and its description."""
    if media_type in CODE_STREAMS:
        return image_pixel_of_stream(
            media_type, parts.read(value.offset, min(value.length, STREAM_HEAD_BYTES))
        )
    if media_type.startswith("video/"):
        return "", image_pixel_of_video(partial(_run_of, parts, value))
    raise Malformed(f"{_PIXEL_DATA} is {media_type}, which does not say what the metadata leave out")


def _run_of(parts: BulkdataParts, value: Value, offset: int, length: int) -> bytes:
    return parts.read(value.offset + offset, max(0, min(length, value.length - offset)))


async def _native_pixels(
    attributes: DicomJson,
    pictures: Sequence[BulkdataPart],
    parts: BulkdataParts,
    workers: PixelWorkers,
    max_bytes: int,
) -> PostedPixels:
    """Return pictures that have no transfer syntax as the frames of native Pixel Data."""
    start, images, number = parts.size, set(), 0
    for picture in pictures:
        if picture.value.length > png_gif.MAX_PICTURE_BYTES:
            raise _too_large(png_gif.MAX_PICTURE_BYTES)
        content = await anyio.to_thread.run_sync(parts.read, picture.value.offset, picture.value.length)
        image, frames = await workers.run(png_gif.native_frames, content, picture.media_type)
        if parts.size + len(frames) > max_bytes:
            raise _too_large(max_bytes)
        await parts.add(frames)
        images.add(replace(image, number_of_frames=None))
        number += image.number_of_frames or 1
    if len(images) > 1:
        raise Malformed(
            f"{_PIXEL_DATA} has pictures of different size or depth: expected frames of one image"
        )
    image = replace(images.pop(), number_of_frames=number if number > 1 else None)
    native = Value(start, parts.size - start, 1)
    additions = _missing_attributes(attributes, image)
    if _described_bytes(attributes | additions) != native.length:
        raise Malformed(f"the metadata describe other pixels than the {pictures[0].media_type} has")
    name = "OW" if image.bits_stored > 8 else "OB"
    additions[_PIXEL_DATA] = {"vr": name, "BulkDataURI": pixel_data_uri(attributes)}
    return PostedPixels(attributes=additions, native=native)


def _described_bytes(attributes: DicomJson) -> int:
    tags = _ROWS, _COLUMNS, _SAMPLES_PER_PIXEL, _BITS_ALLOCATED
    number = integer(attributes, _NUMBER_OF_FRAMES)
    return prod(integer(attributes, tag) or 0 for tag in tags) * (1 if number is None else number) // 8


def _missing_attributes(attributes: DicomJson, image: ImagePixel) -> DicomJson:
    """Return what the picture says and the metadata do not; the High Bit is that of the stored bits."""
    additions = {tag: element for tag, element in image.attributes.items() if not _has_value(attributes, tag)}
    if _HIGH_BIT in additions and (bits := integer(attributes, _BITS_STORED)):
        additions[_HIGH_BIT] = {"vr": "US", "Value": [bits - 1]}
    return additions


def _has_value(attributes: DicomJson, tag: str) -> bool:
    attribute = attributes.get(tag)
    return isinstance(attribute, dict) and bool(attribute.get("Value"))


def _too_large(max_bytes: int) -> Refusal:
    return Refusal(f"{_PIXEL_DATA} would be larger than the {max_bytes} bytes this server takes", TOO_LARGE)
