"""All that the steps of rendering need to know about a frame, as one frozen value.

It is read from a selection of the instance's attributes, made once when the instance arrives, so that
rendering never opens the dataset. What the file states is believed as far as it makes sense: Bits
Stored, High Bit and windows that cannot be are put right, a size that cannot be is refused.
"""

from contextlib import suppress
from dataclasses import dataclass

from service.dicom_json import Attributes, integer, number, text
from service.errors import NotRenderable
from service.pixels.aspect import pixel_aspect
from service.pixels.lut import LookupTable
from service.pixels.overlay import OVERLAY_ATTRIBUTES, Overlay, overlays_of
from service.pixels.palette import Palette, palette_of
from service.pixels.rescale import Modality, Rescale, modality_of
from service.pixels.voi import voi_of
from service.pixels.window import Window

ATTRIBUTES = OVERLAY_ATTRIBUTES | frozenset(
    {
        *("00280002", "00280004", "00280006", "00280010", "00280011", "00280034"),  # the image
        *("00280100", "00280101", "00280102", "00280103"),  # a sample
        *("00280120", "00280121", "00280122", "00280123", "00280124", "00280125"),  # padding
        *("00281050", "00281051", "00281056", "00283010"),  # windows and VOI LUT
        *("00280030", "00181164", "00289110"),  # how far apart pixels lie
        *("00281052", "00281053", "00283000", "00283002", "00283006"),  # rescale and Modality LUT
        *("3004000E", "00620001", "0062000E"),  # dose, and fractions of segments
        *("00281101", "00281102", "00281103", "00281201", "00281202", "00281203"),  # palettes
        *("00281221", "00281222", "00281223"),  # segmented palettes
        *("52009229", "52009230", "00289145", "00289132"),  # functional groups
        "00089205",  # Pixel Presentation
        "20500020",  # Presentation LUT Shape
    }
)
"""The tags, at any depth, of the attributes that rendering needs."""

_OF_TILES = (
    "1.2.840.10008.5.1.4.1.1.77.1.6",  # VL Whole Slide Microscopy Image
    "1.2.840.10008.5.1.4.1.1.77.1.9",  # Confocal Microscopy Tiled Pyramidal Image
)
_SUPPLEMENTED = ("COLOR", "MIXED")  # values of Pixel Presentation

GRAYSCALE = ("MONOCHROME1", "MONOCHROME2")
"""The Photometric Interpretations that have modality values."""

BITS_ALLOCATED = (1, 8, 16, 32, 64)
SAMPLES_PER_PIXEL = (1, 3)
SUBSAMPLED = ("YBR_FULL_422", "YBR_PARTIAL_422")
PADDING = {  # value and range limit → they are US or SS
    ("00280120", "00280121"): True,
    ("00280122", "00280124"): False,
    ("00280123", "00280125"): False,
}


@dataclass(frozen=True, slots=True)
class ImageDescription:
    """How the bytes of one frame become a picture.

    Attributes:
        rows: 1 ... 65535.
        columns: 1 ... 65535.
        samples_per_pixel: 1 or 3.
        photometric_interpretation: in capitals, not necessarily one that can be rendered.
        planar_configuration: 1 when each sample has its own plane.
        bits_allocated: 1, 8, 16, 32 or 64.
        bits_stored: 1 ... bits_allocated.
        high_bit: bits_stored - 1 ... bits_allocated - 1.
        pixel_representation: 1 when samples are two's complement.
        floating: samples are IEEE numbers (Float or Double Float Pixel Data).
        cut_tiles: a colour frame may be smaller, as at the right and lower edge of a slide.
        padding: lowest and highest stored value that stand for "no pixel here".
        inverted: the lowest displayed value is white.
        pixel_aspect: height of a pixel divided by its width.
        modality: stored values → modality values.
        voi: modality values → 0 ... 1; None when the file states neither window nor VOI LUT.
        palette: stored values → colours of a PALETTE COLOR image; a supplemental one leaves gray what lies
            below its first.
        overlays: drawings on the picture.

    Standard: PS3.3 C.7.6.3, C.7.6.24, C.7.5.1.1.2, C.11.
    """

    rows: int
    columns: int
    samples_per_pixel: int
    photometric_interpretation: str
    planar_configuration: int
    bits_allocated: int
    bits_stored: int
    high_bit: int
    pixel_representation: int
    floating: bool
    cut_tiles: bool
    padding: tuple[float, float] | None
    inverted: bool
    pixel_aspect: float
    modality: Modality
    voi: Window | LookupTable | None
    palette: Palette | None
    overlays: tuple[Overlay, ...] = ()

    @property
    def is_subsampled(self) -> bool:
        """Whether two neighbours in a native frame share their chrominance."""
        subsampled = self.photometric_interpretation in SUBSAMPLED and self.samples_per_pixel == 3
        return subsampled and self.planar_configuration == 0

    @property
    def frame_samples(self) -> int:
        """The number of samples of a native frame."""
        return self.rows * self.columns * (2 if self.is_subsampled else self.samples_per_pixel)

    @property
    def frame_length(self) -> int:
        """The number of bytes of a native frame."""
        return (self.frame_samples * self.bits_allocated + 7) // 8

    @property
    def value_bytes(self) -> int:
        """The number of bytes of a frame's stored values."""
        return self.rows * self.columns * self.samples_per_pixel * max(self.bits_allocated, 8) // 8

    @property
    def stored_range(self) -> tuple[int, int]:
        """The lowest and the highest stored value that Bits Stored can hold."""
        lowest = -(1 << self.bits_stored - 1) if self.pixel_representation else 0
        return lowest, lowest + (1 << self.bits_stored) - 1


def describe(image: Attributes, frame_number: int = 1, sop_class_uid: str = "") -> ImageDescription:
    """Describe a frame: its own functional groups come first, then the shared ones, then the instance.

    Args:
        image: DICOM JSON object with the ATTRIBUTES of an instance, binary values inline.
        frame_number: counted from 1.
        sop_class_uid: of the instance; what is stored in some classes means something else.

    Raises:
        NotRenderable: an attribute without which there is no picture is missing or makes no sense.
    """
    photometric = text(image, "00280004").upper()
    if not photometric:
        raise NotRenderable("no Photometric Interpretation: expected an instance with image pixels")
    if not photometric.isascii():
        raise NotRenderable("a Photometric Interpretation that is no code string: expected capital letters")
    samples = integer(image, "00280002") or (3 if photometric.startswith(("RGB", "YBR")) else 1)
    bits_allocated = _checked(BITS_ALLOCATED, "Bits Allocated", integer(image, "00280100"))
    bits_stored, high_bit = _bits_stored(image, bits_allocated)
    signed = samples == 1 and integer(image, "00280103") == 1
    modality = modality_of(image, frame_number, signed=signed, sop_class_uid=sop_class_uid)
    negative = signed or (isinstance(modality, Rescale) and modality.intercept < 0)
    return ImageDescription(
        rows=_checked(range(1, 65536), "Rows", integer(image, "00280010")),
        columns=_checked(range(1, 65536), "Columns", integer(image, "00280011")),
        samples_per_pixel=_checked(SAMPLES_PER_PIXEL, "Samples per Pixel", samples),
        photometric_interpretation=photometric,
        planar_configuration=integer(image, "00280006") or 0,
        bits_allocated=bits_allocated,
        bits_stored=bits_stored,
        high_bit=high_bit,
        pixel_representation=int(signed),
        floating=samples == 1 and _is_floating(image, bits_allocated),
        cut_tiles=samples == 3 and sop_class_uid in _OF_TILES,
        padding=_padding(image, bits_allocated, signed=signed),
        inverted=photometric == "MONOCHROME1" or text(image, "20500020").upper() == "INVERSE",
        pixel_aspect=pixel_aspect(image, frame_number),
        modality=modality,
        voi=voi_of(image, frame_number, signed=negative),
        palette=_palette(image, photometric, signed=signed),
        overlays=overlays_of(image, frame_number),
    )


def _palette(image: Attributes, photometric: str, *, signed: bool) -> Palette | None:
    """Return the palette of an image that has one; a supplemental one if it is whole. PS3.3 C.7.6.19."""
    if photometric == "PALETTE COLOR":
        return palette_of(image, signed=signed)
    if photometric == "MONOCHROME2" and text(image, "00089205").upper() in _SUPPLEMENTED:
        with suppress(NotRenderable):
            return palette_of(image, signed=signed)
    return None


def _checked(expected: range | tuple[int, ...], name: str, value: int | None) -> int:
    if value is None or value not in expected:
        span = f"{expected[0]} to {expected[-1]}" if isinstance(expected, range) else f"one of {expected}"
        raise NotRenderable(f"{name} {'is missing' if value is None else value}: expected {span}")
    return value


def _bits_stored(image: Attributes, bits_allocated: int) -> tuple[int, int]:
    """Return Bits Stored and High Bit such that a sample lies within its cell."""
    bits_stored = integer(image, "00280101")
    if bits_stored is None or not 1 <= bits_stored <= bits_allocated:
        bits_stored = bits_allocated
    high_bit = integer(image, "00280102")
    if high_bit is None or not bits_stored <= high_bit + 1 <= bits_allocated:
        high_bit = bits_stored - 1
    return bits_stored, high_bit


def _is_floating(image: Attributes, bits_allocated: int) -> bool:
    """Only floating point images state neither Bits Stored nor Pixel Representation."""
    attributes = integer(image, "00280101"), integer(image, "00280103")
    return bits_allocated in (32, 64) and attributes == (None, None)


def _padding(image: Attributes, bits_allocated: int, *, signed: bool) -> tuple[float, float] | None:
    """Return the range of padding values, which a file may state either way round."""
    for (value_tag, limit_tag), are_words in PADDING.items():
        value, limit = number(image, value_tag), number(image, limit_tag)
        if value is None:
            continue
        ends = [value, value if limit is None else limit]
        ends = [_wrapped(end, bits_allocated, signed=signed) for end in ends] if are_words else ends
        return min(ends), max(ends)
    return None


def _wrapped(value: float, bits_allocated: int, *, signed: bool) -> float:
    """Undo a VR (US or SS) that does not fit Pixel Representation."""
    cycle = float(1 << bits_allocated)
    if signed and value >= cycle / 2:
        return value - cycle
    return value + cycle if value < 0 and not signed else value
