"""To which side of the patient the edges of a frame lie: R, L, A, P, H, F, as people write them on pictures.

From the directions of rows and columns where the file has them, else from Patient Orientation. Where the
letters would be of something else than a standing patient, there are none.

Standard: PS3.3 C.7.6.1.1.1, C.7.6.2.1.1.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.dicom_json import Attributes, text, texts
from service.pixels.numbers.geometry.plane import Plane

_ALONG = "LPH"
_SLIGHT = 0.25  # of a direction of length 1: less of an axis is not worth a letter
_OPPOSITE = str.maketrans("RLAPHF", "LRPAFH")
_PATIENT_ORIENTATION, _WRITTEN = "00200020", re.compile(r"[RLAPHF]{1,3}")
_QUADRUPED, _ORIENTATION_TYPE = "QUADRUPED", "00102210"
_VOLUME_FRAME_OF_REFERENCE = "00209312"


@dataclass(frozen=True, slots=True)
class Edges:
    """The letters at the edges of a frame: one to three, the main direction first."""

    left: str
    right: str
    top: str
    bottom: str


def edges_of(metadata: Attributes, plane: Plane) -> Edges | None:
    """Return the letters at the edges of a frame; None where nothing says how the patient lay.

    Args:
        metadata: DICOM JSON object of the instance.
        plane: of the frame.
    """
    if text(metadata, _ORIENTATION_TYPE).upper() == _QUADRUPED or text(metadata, _VOLUME_FRAME_OF_REFERENCE):
        return None
    right, bottom = letters(plane.orientation[:3]), letters(plane.orientation[3:])
    if not (right and bottom):
        right, bottom = _written(metadata)
    if not (right and bottom):
        return None
    return Edges(right.translate(_OPPOSITE), right, bottom.translate(_OPPOSITE), bottom)


def letters(direction: Sequence[float]) -> str:
    """Return to which side of the patient a direction of length 1 leads; "" for none."""
    components = sorted(enumerate(direction), key=lambda component: -abs(component[1]))
    return "".join(
        _ALONG[axis] if component > 0 else _ALONG[axis].translate(_OPPOSITE)
        for axis, component in components
        if abs(component) > _SLIGHT
    )


def _written(metadata: Attributes) -> tuple[str, str]:
    """Return Patient Orientation: to which sides rows and columns lead."""
    match texts(metadata, _PATIENT_ORIENTATION):
        case [right, bottom] if _WRITTEN.fullmatch(right) and _WRITTEN.fullmatch(bottom):
            return right, bottom
    return "", ""
