"""Frames of which numbers can be made: what stands in the way is found before the first byte."""

from collections.abc import Iterable
from typing import NamedTuple

from service.archive.instance import Located
from service.dicom.frames import NativeFrames
from service.errors import ContentTooLarge, NotRenderable, shorten
from service.imaging.description import description_of
from service.pixels.codecs.decode import NATIVE_SYNTAXES
from service.pixels.description import GRAYSCALE, ImageDescription
from service.pixels.display.render import DISPLAYS
from service.transfer_syntaxes import DEFLATED

MAX_FRAMES = 2**16
MAX_DECODED_BYTES = 2**32  # of compressed frames, all of which are decoded before the first byte
_PALETTE_COLOR, _SUBSAMPLED = "PALETTE COLOR", "YBR_FULL_422"


def check_number_of_frames(number: int) -> None:
    """Refuse to compute with more frames than an answer can be waited for.

    Raises:
        ContentTooLarge: there are more than `MAX_FRAMES`.
    """
    if number > MAX_FRAMES:
        raise ContentTooLarge(f"{number} frames: numbers are made of up to {MAX_FRAMES} at a time")


class NumericFrame(NamedTuple):
    """One frame of an array.

    Attributes:
        located: its instance.
        number: counted from 1.
        description: of it.
        factor: modality value → SUV.
    """

    located: Located
    number: int
    description: ImageDescription
    factor: float = 1.0

    @property
    def is_grayscale(self) -> bool:
        """Whether the frame has modality values."""
        return self.description.photometric_interpretation in GRAYSCALE

    @property
    def shape(self) -> tuple[int, ...]:
        """Rows and columns; of a colour frame, also the three colours."""
        size = self.description.rows, self.description.columns
        return size if self.is_grayscale else (*size, 3)


def numeric_frames(places: Iterable[tuple[Located, int]]) -> list[NumericFrame]:
    """Return frames, given by their instances and numbers. Blocking: for worker threads.

    Raises:
        NotRenderable: what describes its pixels is missing or makes no sense.
        ContentTooLarge: they are compressed, and more than `MAX_DECODED_BYTES`.
    """
    frames = [NumericFrame(located, number, description_of(located, number)) for located, number in places]
    _check_decoded_bytes(frames)
    for frame in frames:
        if frame.located.instance.transfer_syntax in NATIVE_SYNTAXES:
            _check_native(frame.description)
        _check(frame.description)
    return frames


def _check_decoded_bytes(frames: Iterable[NumericFrame]) -> None:
    """Raise ContentTooLarge if the compressed frames among these take longer to decode than anyone waits."""
    size = sum(frame.description.value_bytes for frame in frames if not is_native(frame.located))
    if size > MAX_DECODED_BYTES:
        raise ContentTooLarge(
            f"compressed frames of {size} bytes: numbers are made of up to {MAX_DECODED_BYTES} at a time"
        )


def _check_native(description: ImageDescription) -> None:
    """Raise NotRenderable if nobody knows what the samples mean; decoders may bring others to light."""
    name = description.photometric_interpretation
    if name not in (*DISPLAYS, _SUBSAMPLED):
        raise unknown_interpretation(name)


def _check(description: ImageDescription) -> None:
    """Raise NotRenderable if the frame cannot become numbers, whatever its stored values are."""
    name, samples = description.photometric_interpretation, description.samples_per_pixel
    expected = 1 if name in (*GRAYSCALE, _PALETTE_COLOR) else 3
    if samples != expected:
        raise NotRenderable(f"{samples} Samples per Pixel in {shorten(name)}: expected {expected}")
    if name == _PALETTE_COLOR and description.palette is None:
        raise NotRenderable("no palette: expected tables of red, green and blue")


def unknown_interpretation(name: str) -> NotRenderable:
    """Return the error for a Photometric Interpretation whose samples nobody knows the meaning of."""
    expected = ", ".join(DISPLAYS)
    return NotRenderable(f"Photometric Interpretation {shorten(name)}: expected one of {expected}")


def is_native(located: Located) -> bool:
    """Tell whether the frames of an instance lie in its file as they are."""
    return isinstance(located.frames, NativeFrames) and located.instance.transfer_syntax != DEFLATED
