"""Frames that say in a way of their own kind where they lie: doses, reconstructed NM, mosaics.

All others say it as `plane` reads it. A frame whose place cannot be told is objected to: it never gets the
place of another.

Standard: PS3.3 C.8.8.3.2, C.8.4.11, C.8.4.15.
"""

from dataclasses import replace
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from service.dicom_json import (
    PER_FRAME_GROUPS,
    SHARED_GROUPS,
    Attributes,
    integer,
    items,
    number,
    numbers,
    text,
)
from service.pixels.arrays import Values
from service.pixels.numbers.geometry.plane import Plane, plane_of

_RT_DOSE, _NM = "1.2.840.10008.5.1.4.1.1.481.2", "1.2.840.10008.5.1.4.1.1.20"
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
_SEGMENTS, _SEGMENTATION_TYPE, _SEGMENT_IDENTIFICATION = "00620002", "00620001", "0062000A"
_IMAGE_TYPE, _SPACING_BETWEEN_SLICES = "00080008", "00180088"
_OFFSETS, _SLICE_VECTOR, _DETECTORS = "3004000C", "00540080", "00540022"
_POSITION, _ORIENTATION = "00200032", "00200037"
_MOSAIC, _SIEMENS = "MOSAIC", "SIEMENS MR HEADER"
_AXIAL = 0.999  # of the normal's z
_SAME_PLACE = 0.01  # mm


class Objection(NamedTuple):
    """Why frames of an instance have no place: which attribute says so, and what was expected."""

    attribute: str
    found: Any
    expected: str


def planes_of(metadata: Attributes, number_of_frames: int) -> list[Plane] | Objection:
    """Return the planes of the frames of an instance, or what stands in the way of it.

    Args:
        metadata: DICOM JSON object of the instance.
        number_of_frames: those that can be read.
    """
    special = _special_planes(metadata, number_of_frames)
    if special is not None:
        return special
    return [plane_of(metadata, frame_number) for frame_number in range(1, number_of_frames + 1)]


def place_of(metadata: Attributes, number_of_frames: int, frame_number: int) -> Plane | Objection:
    """Return the plane of one frame, counted from 1, as `planes_of` has it, or what stands in the way."""
    special = _special_planes(metadata, number_of_frames)
    if special is None:
        return plane_of(metadata, frame_number)
    return special if isinstance(special, Objection) else special[frame_number - 1]


def _special_planes(metadata: Attributes, number_of_frames: int) -> list[Plane] | Objection | None:
    """Return the planes of frames that say it in a way of their own kind; None of others."""
    image_type = _image_type(metadata)
    if _MOSAIC in image_type or _tiles(metadata) > 1:
        return Objection("Image Type", list(image_type), "one slice in an image, not a mosaic of several")
    sop_class = text(metadata, "00080016")
    if sop_class == _RT_DOSE:
        return _dose_planes(metadata, number_of_frames)
    if sop_class == _SEGMENTATION and not _tells_segments_apart(metadata):
        return Objection("Referenced Segment Number", None, "the segment of each frame")
    if sop_class == _NM and "RECON" in " ".join(image_type):
        return _reconstructed_planes(metadata, number_of_frames)
    return None


def _image_type(metadata: Attributes) -> tuple[str, ...]:
    element = metadata.get(_IMAGE_TYPE, {})
    values = element.get("Value") or [] if isinstance(element, dict) else []
    return tuple(value.strip().upper() for value in values if isinstance(value, str))


def _tiles(metadata: Attributes) -> int:
    """Return how many slices a mosaic of Siemens has: a private attribute says so, whatever the type."""
    creators = (tag for tag in metadata if tag.startswith("001900") and text(metadata, tag) == _SIEMENS)
    return max((integer(metadata, f"0019{tag[6:]}0A") or 0 for tag in creators), default=0)


def _tells_segments_apart(metadata: Attributes) -> bool:
    """Tell whether the frames of a segmentation of several segments say which they are of."""
    if len(items(metadata, _SEGMENTS)) < 2 or text(metadata, _SEGMENTATION_TYPE).upper() == "LABELMAP":
        return True
    groups = chain(items(metadata, SHARED_GROUPS)[:1], items(metadata, PER_FRAME_GROUPS))
    return any(items(group, _SEGMENT_IDENTIFICATION) for group in groups)


def _dose_planes(metadata: Attributes, number_of_frames: int) -> list[Plane] | Objection:
    """Return the planes of a dose grid; its offsets are along the normal, or the z of axial planes."""
    first = plane_of(metadata)
    normal = _normal(first)
    if number_of_frames <= 1 or normal is None or len(first.position) != 3:
        return [first] * number_of_frames
    name, offsets = "Grid Frame Offset Vector", numbers(metadata, _OFFSETS)
    along = [offset for offset in offsets if offset is not None]
    if not len(along) == len(offsets) == number_of_frames:
        return Objection(name, f"{len(along)} numbers", f"{number_of_frames} numbers, one for each frame")
    z = first.position[2]
    if along[0] == 0:
        return [_moved(first, normal * offset) for offset in along]
    if abs(along[0] - z) < _SAME_PLACE and abs(normal[2]) > _AXIAL:
        return [_moved(first, np.array([0, 0, offset - z])) for offset in along]
    return Objection(name, along[0], f"0 first, or {z:g}, the z of the Image Position, of axial planes")


def _reconstructed_planes(metadata: Attributes, number_of_frames: int) -> list[Plane] | Objection:
    """Return the planes of a reconstructed NM image: the first one's, and steps of a spacing with a sign."""
    detector = next(iter(items(metadata, _DETECTORS)), {})
    own = {tag: detector[tag] for tag in (_POSITION, _ORIENTATION) if tag in detector}
    first = plane_of({**metadata, **own})
    normal, spacing = _normal(first), number(metadata, _SPACING_BETWEEN_SLICES)
    if number_of_frames <= 1 or normal is None or len(first.position) != 3:
        return [first] * number_of_frames
    if not spacing:
        return Objection("Spacing Between Slices", spacing, "a number other than 0")
    slices = numbers(metadata, _SLICE_VECTOR)
    if not slices and "GATED" not in " ".join(_image_type(metadata)):
        slices = list(range(1, number_of_frames + 1))
    steps = [slice_ - slices[0] for slice_ in slices if slice_ is not None and slices[0] is not None]
    if not len(steps) == len(slices) == number_of_frames:
        return Objection(
            "Slice Vector", f"{len(steps)} numbers", f"{number_of_frames} numbers, one for each frame"
        )
    return [_moved(first, normal * spacing * step) for step in steps]


def _normal(plane: Plane) -> Values | None:
    if len(plane.orientation) != 6:
        return None
    normal = np.cross(plane.orientation[:3], plane.orientation[3:])
    length = float(np.linalg.norm(normal))
    return np.asarray(normal / length) if length else None


def _moved(plane: Plane, by: Values) -> Plane:
    return replace(plane, position=tuple((np.array(plane.position) + by).tolist()))
