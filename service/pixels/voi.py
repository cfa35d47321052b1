"""Which range of its modality values a file asks to show: its VOI LUT or its window.

Enhanced instances say it per frame in functional groups, classic ones once. The place nearest to the
frame that says something wins.

Standard: PS3.3 C.7.6.16.2.10, C.11.2.
"""

from service.dicom_json import Attributes, numbers, scopes, text
from service.pixels.lut import LookupTable, first_table
from service.pixels.window import FUNCTIONS, Window

FRAME_VOI_LUT = "00289132"
_VOI_LUT, _CENTER, _WIDTH, _FUNCTION = "00283010", "00281050", "00281051", "00281056"


def voi_of(image: Attributes, frame_number: int, *, signed: bool) -> LookupTable | Window | None:
    """Return the VOI LUT or else the first defined window of a frame.

    Args:
        image: DICOM JSON object of the instance.
        frame_number: counted from 1.
        signed: modality values may be negative.
    """
    for scope in scopes(image, frame_number, FRAME_VOI_LUT):
        if voi := first_table(scope, _VOI_LUT, signed=signed) or _first_window(scope):
            return voi
    return None


def _first_window(scope: Attributes) -> Window | None:
    """A LINEAR window narrower than 1, which the Standard does not define, is taken as LINEAR_EXACT."""
    name = text(scope, _FUNCTION).upper()
    function = name if name in FUNCTIONS else "LINEAR"
    for center, width in zip(numbers(scope, _CENTER), numbers(scope, _WIDTH), strict=False):
        if center is not None and width is not None and width > 0:
            is_exact = function == "LINEAR" and width < 1
            return Window(center, width, "LINEAR_EXACT" if is_exact else function)
    return None
