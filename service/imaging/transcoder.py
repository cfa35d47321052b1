"""Pixels on their way out in another transfer syntax: decoded, and where that is asked for encoded again.

One frame is made at a time, so that a thousand take no more memory than one.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import ExitStack
from typing import NamedTuple

import anyio.to_thread
import numpy as np

from service.archive.files.blobs import Blobs
from service.archive.files.reading.transcoded import around_frames
from service.archive.instance import Located
from service.dicom.encoding.repixelled import LossyCompression, PixelEncoding, derived_uid, item
from service.dicom.frames import EncapsulatedFrames
from service.errors import NotRenderable
from service.imaging.decoder import Decoder
from service.imaging.description import description_of
from service.pixels.codecs import encoders
from service.pixels.codecs.decode import DECODABLE_SYNTAXES, DecodedFrame
from service.pixels.codecs.encoders import ENCODERS, can_encode
from service.pixels.description import ImageDescription
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN

_MAX_VALUE_BYTES = 2**32 - 2  # of an element of defined length


class Frame(NamedTuple):
    """A frame as it goes out.

    Attributes:
        content: its native bytes or its code stream.
        photometric_interpretation: of the content.
        description: of the stored frame.
    """

    content: bytes
    photometric_interpretation: str
    description: ImageDescription


def transcodable_syntaxes(located: Located) -> tuple[str, ...]:
    """Return the transfer syntaxes that can be made of an instance's pixels.

    Explicit VR Little Endian is among them when the pixels are encapsulated and, decoded, fit in one element.
    Standard: PS3.18 8.7.3.4.
    """
    if not located.frames or located.instance.transfer_syntax not in DECODABLE_SYNTAXES:
        return ()
    try:
        description = description_of(located, 1)
    except NotRenderable:
        return ()
    number = located.frames.number_of_frames
    is_storable = 0 < number * description.value_bytes <= _MAX_VALUE_BYTES
    native = isinstance(located.frames, EncapsulatedFrames) and is_storable
    encodable = (syntax for syntax in ENCODERS if number and can_encode(description, syntax))
    return ((EXPLICIT_VR_LITTLE_ENDIAN,) if native else ()) + tuple(encodable)


def is_lossy(transfer_syntax: str) -> bool:
    """Tell whether values get lost on the way to a transfer syntax."""
    return transfer_syntax in ENCODERS and bool(ENCODERS[transfer_syntax].lossy_method)


async def transcoded_frame(decoder: Decoder, located: Located, number: int, transfer_syntax: str) -> Frame:
    """Return frame `number`, counted from 1, in a transfer syntax that `transcodable_syntaxes` names.

    Raises:
        FrameNotFound, InstanceNotFound: it is not here.
        UndecodableFrame, NotRenderable: what is stored cannot be decoded.
    """
    if transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN:
        return await decoder.apply(located, number, _native_frame)
    frame, description = await decoder.apply(located, number, lambda *result: result)
    name = encoders.encoded_photometric_interpretation(frame.photometric_interpretation, transfer_syntax)
    run = decoder.workers.run
    return Frame(
        await run(encoders.encoded, frame, description.bits_stored, transfer_syntax), name, description
    )


def _native_frame(frame: DecodedFrame, description: ImageDescription) -> Frame:
    name = encoders.native_photometric_interpretation(frame.photometric_interpretation)
    return Frame(encoders.native_bytes(frame, description), name, description)


class TranscodedPixels:
    """All frames of an instance in another transfer syntax, of which the first is here.

    Attributes:
        located: the instance.
        transfer_syntax: of the frames as they go out.
        first_frame: the one that tells what all of them are.
    """

    def __init__(self, decoder: Decoder, located: Located, transfer_syntax: str, first_frame: Frame) -> None:
        self.located = located
        self.transfer_syntax = transfer_syntax
        self.first_frame = first_frame
        self._decoder = decoder

    @property
    def number_of_frames(self) -> int:
        """How many there are."""
        return self.located.frames.number_of_frames if self.located.frames else 0

    @property
    def native_length(self) -> int:
        """The bytes of all native frames together. PS3.5 8.1.1."""
        return (self.number_of_frames * _frame_bits(self.first_frame.description) + 7) // 8

    async def frames(self) -> AsyncIterator[bytes]:
        """Yield the frames, each made when it is asked for."""
        yield self.first_frame.content
        for number in range(2, self.number_of_frames + 1):
            frame = await transcoded_frame(self._decoder, self.located, number, self.transfer_syntax)
            yield frame.content

    async def native_value(self) -> AsyncIterator[bytes]:
        """Yield the native frames as one value: those of single bits follow each other without a gap."""
        bits = _frame_bits(self.first_frame.description)
        if not bits % 8:
            async for content in self.frames():
                yield content
            return
        remainder = np.empty(0, np.uint8)
        async for content in self.frames():
            frame = np.unpackbits(np.frombuffer(content, np.uint8), count=bits, bitorder="little")
            remainder = np.concatenate([remainder, frame])
            length = len(remainder) // 8 * 8
            yield np.packbits(remainder[:length], bitorder="little").tobytes()
            remainder = remainder[length:]
        yield np.packbits(remainder, bitorder="little").tobytes()

    async def value(self) -> AsyncIterator[bytes]:
        """Yield the frames as they lie in the file: native ones as one value, others each as an item."""
        if self._is_native:
            async for content in self.native_value():
                yield content
        else:
            async for content in self.frames():
                yield item(content)

    @property
    def _is_native(self) -> bool:
        return self.transfer_syntax == EXPLICIT_VR_LITTLE_ENDIAN

    @property
    def encoding(self) -> PixelEncoding:
        """How the data set has to describe these pixels."""
        description, is_native = self.first_frame.description, self._is_native
        return PixelEncoding(
            transfer_syntax=self.transfer_syntax,
            photometric_interpretation=self.first_frame.photometric_interpretation,
            planar_configuration=_planar_configuration(description, is_native=is_native),
            bits_allocated=description.bits_allocated,
            bits_stored=description.bits_stored,
            number_of_frames=self.number_of_frames,
            native_length=self.native_length if is_native else None,
            lossy=None if is_native else self._lossy_compression(),
        )

    def _lossy_compression(self) -> LossyCompression | None:
        """Say how values are lost, if they are; the ratio is the first frame's, for it stands before them."""
        method = ENCODERS[self.transfer_syntax].lossy_method
        if not method:
            return None
        ratio = self.first_frame.description.value_bytes / len(self.first_frame.content)
        uid = derived_uid(self.located.instance.uids.instance, self.transfer_syntax)
        return LossyCompression(uid, method, ratio, f"Lossy compression by {method}")


async def transcoded_pixels(decoder: Decoder, located: Located, transfer_syntax: str) -> TranscodedPixels:
    """Return the pixels of an instance in a transfer syntax that `transcodable_syntaxes` names.

    Raises:
        UndecodableFrame, NotRenderable: a frame cannot be decoded.
    """
    first_frame = await transcoded_frame(decoder, located, 1, transfer_syntax)
    if located.frames:
        await decoder.check(located, range(1, located.frames.number_of_frames + 1))
    return TranscodedPixels(decoder, located, transfer_syntax, first_frame)


async def transcoded_file(blobs: Blobs, pixels: TranscodedPixels) -> AsyncGenerator[bytes, None]:
    """Yield an instance as a Part 10 file with these pixels.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
    """
    file = around_frames(blobs, pixels.located.instance, pixels.encoding)
    with ExitStack() as stack:
        head, tail = await anyio.to_thread.run_sync(stack.enter_context, file, limiter=blobs.limiter)
        async for chunk in _in_threads(head):
            yield chunk
        async for content in pixels.value():
            yield content
        async for chunk in _in_threads(tail):
            yield chunk


async def _in_threads(chunks: Iterator[bytes]) -> AsyncIterator[bytes]:
    """Yield chunks that are made while they are read, in worker threads."""
    while chunk := await anyio.to_thread.run_sync(next, chunks, b""):
        yield chunk


def _frame_bits(description: ImageDescription) -> int:
    samples = description.rows * description.columns * description.samples_per_pixel
    return samples * description.bits_allocated


def _planar_configuration(description: ImageDescription, *, is_native: bool) -> int | None:
    if description.samples_per_pixel == 1:
        return None
    return int(is_native and description.planar_configuration == 1)
