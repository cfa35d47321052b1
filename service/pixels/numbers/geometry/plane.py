"""Where a frame lies in the patient, read from the metadata of its instance.

Enhanced instances say it per frame in functional groups, classic ones once; Enhanced US Volumes say it in a
frame of reference of their own, where they do not know the patient's. What is missing stays empty here:
`volume` is to say which slices lack what.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from service.dicom_json import Attributes, integer, number, numbers, scopes, text

_PLANE_POSITION, _PLANE_ORIENTATION, _PIXEL_MEASURES = "00209113", "00209116", "00289110"
_VOLUME_PLANE_POSITION, _VOLUME_PLANE_ORIENTATION = "0020930E", "0020930F"
FARTHEST = 1e6  # mm: farther away, or larger, is nothing that was ever in a scanner

Vector = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plane:
    """The matrix of a frame and its place, in mm in the patient's LPS coordinates, or in an ultrasound's own.

    Attributes:
        rows: 0 when unknown, as everything else here is empty then.
        columns: as rows.
        photometric_interpretation: in capitals.
        position: x, y, z of the center of the first pixel.
        orientation: direction of the rows, then of the columns, 3 + 3 numbers.
        spacing: between the centers of rows, then of columns.
        distance: to the next slice as the instance states it; only a volume of one slice depends on it.
        frame_of_reference: UID.

    Standard: PS3.3 C.7.6.2, C.7.6.16.2.1, C.7.6.16.2.3, C.7.6.16.2.4, C.8.24.3.
    """

    rows: int
    columns: int
    photometric_interpretation: str
    position: Vector
    orientation: Vector
    spacing: Vector
    distance: float
    frame_of_reference: str


def plane_of(metadata: Attributes, frame_number: int = 1) -> Plane:
    """Return the plane of a frame.

    Args:
        metadata: DICOM JSON object of an instance.
        frame_number: counted from 1.
    """
    measures = list(scopes(metadata, frame_number, _PIXEL_MEASURES))
    position = _vector(scopes(metadata, frame_number, _PLANE_POSITION), "00200032", 3)
    orientation = _vector(scopes(metadata, frame_number, _PLANE_ORIENTATION), "00200037", 6)
    frame_of_reference = text(metadata, "00200052")
    if not position and not orientation:
        position = _vector(scopes(metadata, frame_number, _VOLUME_PLANE_POSITION), "00209301", 3)
        orientation = _vector(scopes(metadata, frame_number, _VOLUME_PLANE_ORIENTATION), "00209302", 6)
        frame_of_reference = text(metadata, "00209312") or frame_of_reference
    stated_numbers = (number(scope, tag) for tag in ("00180088", "00180050") for scope in measures)
    distances = (abs(distance) for distance in stated_numbers if distance)
    return Plane(
        rows=integer(metadata, "00280010") or 0,
        columns=integer(metadata, "00280011") or 0,
        photometric_interpretation=text(metadata, "00280004").upper(),
        position=position,
        orientation=orientation,
        spacing=_vector(measures, "00280030", 2),
        distance=next((distance for distance in distances if distance < FARTHEST), 1.0),
        frame_of_reference=frame_of_reference,
    )


def _vector(scopes: Iterable[Attributes], tag: str, length: int) -> Vector:
    for scope in scopes:
        vector = tuple(component for component in numbers(scope, tag) if component is not None)
        if len(vector) == length:
            return vector
    return ()
