"""The unit of modality values, as far as a file says it, as people write it.

Standard: PS3.3 C.11.1.1.2, C.8.2.1.1.3, C.8.9.1.1.3, C.8.8.3.
"""

from service.dicom_json import Attributes, number, scopes, text
from service.pixels.rescale import PIXEL_VALUE_TRANSFORMATION

_MODALITY, _RESCALE_TYPE, _RESCALE_INTERCEPT = "00080060", "00281054", "00281052"
_UNITS, _DOSE_UNITS = "00541001", "30040002"
_UNSPECIFIED = ("", "US")
_CT, _HOUNSFIELD = "CT", "HU"
_WRITTEN = {
    "BQML": "Bq/ml",
    "CNTS": "counts",
    "GML": "g/ml",
    "MGML": "mg/ml",
    "OD": "thousandths of OD",
    "PCT": "%",
    "Z_EFF": "effective Z",
    "ED": "10²³/ml",
    "EDW": "electron density of water",
    "GY": "Gy",
    "RELATIVE": "relative",
}
_LONGEST = 24  # characters, on a picture


def unit_of(metadata: Attributes, frame_number: int) -> str:
    """Return the unit of a frame's modality values; "" where there is none, or nobody says it.

    Args:
        metadata: DICOM JSON object of the instance.
        frame_number: counted from 1.
    """
    rescales = list(scopes(metadata, frame_number, PIXEL_VALUE_TRANSFORMATION))
    stated = (text(scope, tag) for scope in rescales for tag in (_RESCALE_TYPE, _UNITS, _DOSE_UNITS))
    unit = next((unit for unit in stated if unit not in _UNSPECIFIED), "")
    is_rescaled = any(number(scope, _RESCALE_INTERCEPT) is not None for scope in rescales)
    if not unit and is_rescaled and text(metadata, _MODALITY) == _CT:
        return _HOUNSFIELD
    return _WRITTEN.get(unit, unit)[:_LONGEST]
