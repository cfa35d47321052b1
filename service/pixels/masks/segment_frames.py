"""Which segment each frame of a segmentation is of, and where it lies.

Read from the metadata of its instance.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

from service.dicom_json import PER_FRAME_GROUPS, SHARED_GROUPS, Attributes, integer, items, text
from service.errors import IrregularVolume
from service.pixels.masks.lattice import in_gray
from service.pixels.masks.segments import LABELMAP, SEGMENT_SEQUENCE, type_of
from service.pixels.numbers.geometry.plane import Plane, plane_of

_IDENTIFICATION, _REFERENCED_NUMBER = "0062000A", "0062000B"
_PLANE_GROUPS = ("00209113", "00209116", "00289110")


@dataclass(frozen=True, slots=True)
class SegmentFrame:
    """One frame of a segmentation: of which segment it is, and where it lies.

    Attributes:
        number: counted from 1.
        segment: its number; None of a labelmap, whose values are the numbers.
        plane: where it lies.
    """

    number: int
    segment: int | None
    plane: Plane


def frames_of(metadata: Attributes, number_of_frames: int) -> Iterator[SegmentFrame]:
    """Yield the frames of a segmentation in their order.

    Frames in one place have the same plane, one and the same object.

    Args:
        metadata: DICOM JSON object of the instance.
        number_of_frames: those that can be read.

    Raises:
        IrregularVolume: one does not say of which segment it is.
    """
    is_labelmap = type_of(metadata) == LABELMAP
    segments = items(metadata, SEGMENT_SEQUENCE)
    only = integer(segments[0], "00620004") if len(segments) == 1 else None
    shared = next(iter(items(metadata, SHARED_GROUPS)), {})
    usual = {tag: element for tag, element in metadata.items() if tag != PER_FRAME_GROUPS}
    known: dict[str, Plane] = {}
    groups = iter(items(metadata, PER_FRAME_GROUPS))
    for number_ in range(1, number_of_frames + 1):
        own = next(groups, {})
        key = repr([own.get(tag) for tag in _PLANE_GROUPS])
        plane = known.get(key)
        if plane is None:
            plane = in_gray(plane_of({**usual, PER_FRAME_GROUPS: {"vr": "SQ", "Value": [own]}}))
            known[key] = plane
        segment = None if is_labelmap else _segment_number(own, shared, only)
        if segment is None and not is_labelmap:
            raise IrregularVolume(f"frame {number_} has no Referenced Segment Number: expected its segment")
        yield SegmentFrame(number_, segment, plane)


def sources_of(metadata: Attributes) -> frozenset[str]:
    """Return the SOP Instance UIDs of the images that frames say they are made of."""
    groups = chain(items(metadata, SHARED_GROUPS), items(metadata, PER_FRAME_GROUPS))
    return frozenset(
        text(image, "00081155")
        for group in groups
        for derivation in items(group, "00089124")
        for image in items(derivation, "00082112")
    )


def _segment_number(own: Attributes, shared: Attributes, only: int | None) -> int | None:
    for group in (own, shared):
        for item in items(group, _IDENTIFICATION)[:1]:
            return integer(item, _REFERENCED_NUMBER)
    return only
