"""The frames of instances as slices: where each lies, and what else tells it from the others."""

from dataclasses import dataclass

from service.dicom_json import Attributes, integer, text
from service.pixels.numbers.geometry.places import Objection, planes_of
from service.pixels.numbers.geometry.plane import Plane, plane_of
from service.pixels.numbers.geometry.traits import TRAITS, Traits, traits_of

_LARGEST_IS = 2**31  # PS3.5 6.2
_SEGMENTATIONS = ("1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7")
_NO_TRAITS: Traits = (None,) * len(TRAITS)


@dataclass(frozen=True, slots=True)
class Slice:
    """One frame of a volume.

    Attributes:
        sop_instance_uid: of its instance.
        instance_number: (0020,0013) of it, if it has one that can be.
        frame_number: counted from 1.
        plane: where it lies.
        traits: what may tell it from others.
        objection: why its place cannot be told; the plane then means nothing.
        is_segment: it belongs to a segmentation.
    """

    sop_instance_uid: str
    instance_number: int | None
    frame_number: int
    plane: Plane
    traits: Traits = _NO_TRAITS
    objection: Objection | None = None
    is_segment: bool = False


def slices_of(metadata: Attributes, number_of_frames: int, sop_instance_uid: str) -> list[Slice]:
    """Return the frames of an instance as slices.

    Args:
        metadata: DICOM JSON object of the instance.
        number_of_frames: those that can be read.
        sop_instance_uid: of the instance.
    """
    instance_number = integer(metadata, "00200013")
    if instance_number is not None and abs(instance_number) > _LARGEST_IS:
        instance_number = None
    planes = planes_of(metadata, number_of_frames)
    objection = planes if isinstance(planes, Objection) else None
    if isinstance(planes, Objection):
        planes = [plane_of(metadata)] * number_of_frames
    is_segment = text(metadata, "00080016") in _SEGMENTATIONS
    return [
        Slice(sop_instance_uid, instance_number, number, plane, traits, objection, is_segment)
        for number, (plane, traits) in enumerate(
            zip(planes, traits_of(metadata, number_of_frames), strict=True), 1
        )
    ]
