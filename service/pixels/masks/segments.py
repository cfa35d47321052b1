"""What a segmentation says of itself and of its segments.

Read from the metadata of its instance.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.dicom_json import (
    Attributes,
    integer,
    items,
    number,
    numbers,
    text,
)
from service.errors import IrregularVolume
from service.pixels.masks.colours import rgb_of

BINARY, FRACTIONAL, LABELMAP = "BINARY", "FRACTIONAL", "LABELMAP"
SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
SEGMENT_SEQUENCE = "00620002"

_LABELMAP_STORAGE = SEGMENTATIONS[1]
_CODE_VALUES = ("00080100", "00080119", "00080120")
_LARGEST = 2**16 - 1

Code = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment.

    Attributes:
        number: the value of its voxels.
        label: what people call it.
        category: code of what kind of thing it is.
        kind: code of what it is.
        modifiers: codes of the laterality and the like.
        algorithm: AUTOMATIC, SEMIAUTOMATIC or MANUAL.
        cielab: the colour that it is recommended to be shown in, as it stands in the file.

    Standard: PS3.3 C.8.20.4.
    """

    number: int
    label: str
    category: Code | None = None
    kind: Code | None = None
    modifiers: tuple[Code, ...] = ()
    algorithm: str = ""
    cielab: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the segment as a client is told it."""
        return {
            "number": self.number,
            "label": self.label,
            "category": self.category,
            "type": self.kind,
            "modifiers": list(self.modifiers),
            "algorithm": self.algorithm or None,
            "cielab": list(self.cielab) or None,
            "rgb": list(rgb_of(self.cielab)) if self.cielab else None,
        }


def type_of(metadata: Attributes) -> str:
    """Return BINARY, FRACTIONAL or LABELMAP.

    Raises:
        IrregularVolume: the segmentation is of another type.
    """
    if text(metadata, "00080016") == _LABELMAP_STORAGE:
        return LABELMAP
    name = text(metadata, "00620001").upper()
    if not name and integer(metadata, "00280100") == 1:
        return BINARY
    if name not in (BINARY, FRACTIONAL, LABELMAP):
        raise IrregularVolume(f"Segmentation Type {name or 'is missing'}: expected BINARY or FRACTIONAL")
    return name


def segments_of(metadata: Attributes) -> list[Segment]:
    """Return the segments, ascending.

    Raises:
        IrregularVolume: their numbers are missing, not unique, or none that a segment can have.
    """
    segments = [_segment(item) for item in items(metadata, SEGMENT_SEQUENCE)]
    all_numbers = [segment.number for segment in segments]
    if not segments or len(set(all_numbers)) < len(segments):
        raise IrregularVolume(
            f"{len(segments)} items in Segment Sequence with {len(set(all_numbers))} numbers: "
            "expected a number of its own for each"
        )
    lowest = 0 if type_of(metadata) == LABELMAP else 1
    if not lowest <= min(all_numbers) <= max(all_numbers) <= _LARGEST:
        raise IrregularVolume(
            f"Segment Numbers {min(all_numbers)} to {max(all_numbers)}: expected {lowest} to {_LARGEST}"
        )
    return sorted(segments, key=lambda segment: segment.number)


def _segment(item: Attributes) -> Segment:
    kind = next(iter(items(item, "0062000F")), {})
    cielab = [int(value) for value in numbers(item, "0062000D") if value is not None]
    segment_number = integer(item, "00620004")
    return Segment(
        number=-1 if segment_number is None else segment_number,
        label=text(item, "00620005"),
        category=_code(next(iter(items(item, "00620003")), {})),
        kind=_code(kind),
        modifiers=tuple(filter(None, map(_code, items(kind, "00620011")))),
        algorithm=text(item, "00620008"),
        cielab=tuple(cielab) if len(cielab) == 3 else (),
    )


def _code(item: Attributes) -> Code | None:
    value = next(filter(None, (text(item, tag) for tag in _CODE_VALUES)), "")
    if not value and not text(item, "00080104"):
        return None
    return {"value": value, "scheme": text(item, "00080102"), "meaning": text(item, "00080104")}


def check_whole(metadata: Attributes, number_of_frames: int) -> None:
    """Return if all frames of a segmentation are there: those that are not would be taken for empty ones.

    Args:
        metadata: DICOM JSON object of the instance.
        number_of_frames: those that can be read.

    Raises:
        IrregularVolume: it is a part of a concatenation, has fewer frames than it says, or colours.

    Standard: PS3.3 C.7.6.16.2.2.4.
    """
    stated = integer(metadata, "00280008") or 1
    if number_of_frames < stated:
        raise IrregularVolume(f"{number_of_frames} frames: expected {stated}, which Number of Frames says")
    if text(metadata, "00209161") and integer(metadata, "00209163") != 1:
        part, total = integer(metadata, "00209162"), integer(metadata, "00209163")
        raise IrregularVolume(f"part {part} of {total} of a concatenation: expected a whole segmentation")
    samples = integer(metadata, "00280002")
    if samples is not None and samples != 1:
        raise IrregularVolume(f"Samples per Pixel {samples}: expected 1 in a segmentation")


def background_of(metadata: Attributes) -> int:
    """Return the value of a labelmap's voxels that are of no segment. PS3.3 C.8.20.2.

    Raises:
        IrregularVolume: it is another one than 0, which is a segment.
    """
    padding = integer(metadata, "00280120") or 0
    numbers_ = {integer(item, "00620004") for item in items(metadata, SEGMENT_SEQUENCE)}
    if padding and 0 in numbers_:
        raise IrregularVolume(
            f"Segment Number 0, and Pixel Padding Value {padding} for what is of no segment: "
            "expected a background of 0"
        )
    return padding


def maximum_of(metadata: Attributes) -> float:
    """Return the stored value of a whole voxel in a fractional segmentation.

    Raises:
        IrregularVolume: it is missing or makes no sense.
    """
    maximum = number(metadata, "0062000E")
    if not maximum or maximum < 0:
        raise IrregularVolume("no Maximum Fractional Value: expected a number above 0")
    return maximum


def label_type(highest: int) -> np.dtype[Any]:
    """Return the smallest type that numbers up to this one fit into."""
    return np.dtype("u1") if highest < 2**8 else np.dtype("<u2") if highest < 2**16 else np.dtype("<u4")
