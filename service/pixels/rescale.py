"""What a file says about its values: how stored ones become modality values, and which range to show.

Enhanced instances say it per frame in functional groups, classic ones once. The place nearest to the
frame that says something usable wins.

Standard: PS3.3 C.7.6.16.2.9, C.7.6.16.2.10, C.11.1, C.11.2.
"""

from dataclasses import dataclass

import numpy as np

from service.dicom_json import Attributes, items, number, numbers, scopes, text
from service.pixels.arrays import Values
from service.pixels.lut import LookupTable, lookup_table
from service.pixels.window import FUNCTIONS, Window

PIXEL_VALUE_TRANSFORMATION = "00289145"
FRAME_VOI_LUT = "00289132"


@dataclass(frozen=True, slots=True)
class Rescale:
    """Modality value = slope × stored value + intercept. Standard: PS3.3 C.11.1.1.2."""

    slope: float = 1.0
    intercept: float = 0.0

    def modality(self, stored: Values) -> Values:
        """Map stored values, any shape, to modality values."""
        return np.asarray(stored * self.slope + self.intercept)


def modality_of(image: Attributes, frame_number: int, *, signed: bool) -> Rescale | LookupTable:
    """Return the Modality LUT or else the rescale of a frame; without either, the identity.

    Args:
        image: DICOM JSON object of the instance.
        frame_number: counted from 1.
        signed: stored values may be negative.
    """
    for scope in scopes(image, frame_number, PIXEL_VALUE_TRANSFORMATION):
        if table := _first_table(scope, "00283000", signed=signed):
            return table
        slope, intercept = number(scope, "00281053"), number(scope, "00281052")
        if slope is not None or intercept is not None:
            return Rescale(slope or 1.0, intercept or 0.0)
    return Rescale()


def voi_of(image: Attributes, frame_number: int, *, signed: bool) -> LookupTable | Window | None:
    """Return the VOI LUT or else the first defined window of a frame.

    Args:
        image: DICOM JSON object of the instance.
        frame_number: counted from 1.
        signed: modality values may be negative.
    """
    for scope in scopes(image, frame_number, FRAME_VOI_LUT):
        if voi := _first_table(scope, "00283010", signed=signed) or _first_window(scope):
            return voi
    return None


def _first_table(scope: Attributes, sequence: str, *, signed: bool) -> LookupTable | None:
    return next((lookup_table(item, signed=signed) for item in items(scope, sequence)[:1]), None)


def _first_window(scope: Attributes) -> Window | None:
    """A LINEAR window narrower than 1, which the Standard does not define, is taken as LINEAR_EXACT."""
    name = text(scope, "00281056").upper()
    function = name if name in FUNCTIONS else "LINEAR"
    for center, width in zip(numbers(scope, "00281050"), numbers(scope, "00281051"), strict=False):
        if center is not None and width is not None and width > 0:
            is_exact = function == "LINEAR" and width < 1
            return Window(center, width, "LINEAR_EXACT" if is_exact else function)
    return None
