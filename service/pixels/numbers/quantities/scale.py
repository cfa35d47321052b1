"""How far apart pixels lie, and where that holds: within the patient, or only where the picture was taken.

Standard: PS3.3 C.7.6.2.1.1, 10.7.1.1, 10.7.1.3, C.8.6.2.
"""

from dataclasses import dataclass

from service.dicom_json import Attributes, numbers, scopes, text
from service.pixels.numbers.geometry.plane import FARTHEST

_PIXEL_MEASURES, _PIXEL_SPACING, _IMAGER_PIXEL_SPACING = "00289110", "00280030", "00181164"
_CALIBRATION_TYPE, _SCANNED_PIXEL_SPACING = "00280A02", "00182010"

DETECTOR, CALIBRATED, FILM = "at the detector", "calibrated", "of the scanned film"


@dataclass(frozen=True, slots=True)
class Scale:
    """The distance between pixels.

    Attributes:
        vertical: mm between rows.
        horizontal: mm between columns.
        meaning: where that holds; "" within the patient.
    """

    vertical: float
    horizontal: float
    meaning: str


def scale_of(metadata: Attributes, frame_number: int) -> Scale | None:
    """Return how far apart the pixels of a frame lie; None where the file does not say.

    Args:
        metadata: DICOM JSON object of the instance.
        frame_number: counted from 1.
    """
    at_detector = _pair(metadata, _IMAGER_PIXEL_SPACING)
    for scope in scopes(metadata, frame_number, _PIXEL_MEASURES):
        if spacing := _pair(scope, _PIXEL_SPACING):
            is_calibrated = bool(text(metadata, _CALIBRATION_TYPE)) or at_detector not in (None, spacing)
            return Scale(*spacing, CALIBRATED if is_calibrated else DETECTOR if at_detector else "")
    if at_detector:
        return Scale(*at_detector, DETECTOR)
    scanned = _pair(metadata, _SCANNED_PIXEL_SPACING)
    return Scale(*scanned, FILM) if scanned else None


def _pair(scope: Attributes, tag: str) -> tuple[float, float] | None:
    match numbers(scope, tag):
        case [float(vertical), float(horizontal)] if 0 < vertical < FARTHEST and 0 < horizontal < FARTHEST:
            return vertical, horizontal
    return None
