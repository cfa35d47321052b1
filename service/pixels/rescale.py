"""What a file says about its values: how stored ones become modality values.

Enhanced instances say it per frame in functional groups, classic ones once. The place nearest to the
frame that says something wins. What it says of modality values and cannot be read is no licence to take
stored values for them: a number that is wrong without a word is worse than none.

Standard: PS3.3 C.7.6.16.2.9, C.8.8.3, C.8.20.2, C.11.1.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from service.dicom_json import Attributes, first_value, items, number, numbers, scopes, text
from service.errors import NotRenderable, shorten
from service.pixels.arrays import Values
from service.pixels.lut import LookupTable, first_table, is_cut

PIXEL_VALUE_TRANSFORMATION = "00289145"

_SLOPE, _INTERCEPT, _MODALITY_LUT = "00281053", "00281052", "00283000"
_DOSE_GRID_SCALING, _SEGMENTATION_TYPE, _MAXIMUM_FRACTIONAL_VALUE = "3004000E", "00620001", "0062000E"
_RT_DOSE = "1.2.840.10008.5.1.4.1.1.481.2"
_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"


@dataclass(frozen=True, slots=True)
class Rescale:
    """Modality value = slope × stored value + intercept. Standard: PS3.3 C.11.1.1.2."""

    slope: float = 1.0
    intercept: float = 0.0

    def modality(self, stored: Values) -> Values:
        """Map stored values, any shape, to modality values."""
        return np.asarray(stored * self.slope + self.intercept)


@dataclass(frozen=True, slots=True)
class Fraction:
    """Modality value = stored value / maximum: how much of a pixel is of a segment. PS3.3 C.8.20.2.3."""

    maximum: float

    def modality(self, stored: Values) -> Values:
        """Map stored values, any shape, to 0 ... 1."""
        return np.asarray(stored / self.maximum)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """What should say how stored values become modality values, and cannot be read.

    Attributes:
        attribute: which one.
        found: its value as text; None where it is missing.
        expected: in words.
    """

    attribute: str
    found: str | None
    expected: str

    def modality(self, stored: Values) -> Values:  # noqa: ARG002 (where it can be read, it is needed)
        """Refuse: nobody knows the modality values.

        Raises:
            NotRenderable: always.
        """
        found = "is missing" if self.found is None else f"{self.found!r} cannot be read"
        raise NotRenderable(f"no modality values: {self.attribute} {found}, expected {self.expected}")


Modality = Rescale | LookupTable | Fraction | Unreadable
"""How stored values become modality values."""


def modality_of(image: Attributes, frame_number: int, *, signed: bool, sop_class_uid: str = "") -> Modality:
    """Return how the stored values of a frame become modality values; if nothing is said, as they are.

    That is Dose Grid Scaling for an RT Dose, Maximum Fractional Value for a segmentation that is
    FRACTIONAL, and the Modality LUT or else the rescale for all others.

    Args:
        image: DICOM JSON object of the instance.
        frame_number: counted from 1.
        signed: stored values may be negative.
        sop_class_uid: of the instance.
    """
    if sop_class_uid == _RT_DOSE:
        return _dose(image)
    if sop_class_uid == _SEGMENTATION and (number(image, "00280100") or 0) > 1:
        name = text(image, _SEGMENTATION_TYPE).upper()
        if name == "FRACTIONAL":
            return _fraction(image)
        if not name:
            return Unreadable("Segmentation Type", None, "BINARY or FRACTIONAL")
    for scope in scopes(image, frame_number, PIXEL_VALUE_TRANSFORMATION):
        if modality := _said_by(scope, signed=signed):
            return modality
    return Rescale()


def _dose(image: Attributes) -> Modality:
    scaling = _number_in(image, _DOSE_GRID_SCALING, "Dose Grid Scaling")
    if scaling is None:
        return Unreadable("Dose Grid Scaling", None, "a number")
    return scaling if isinstance(scaling, Unreadable) else Rescale(scaling)


def _fraction(image: Attributes) -> Modality:
    name = "Maximum Fractional Value"
    maximum = _number_in(image, _MAXIMUM_FRACTIONAL_VALUE, name)
    if isinstance(maximum, Unreadable):
        return maximum
    if maximum is None or maximum <= 0:
        return Unreadable(name, None if maximum is None else f"{maximum:g}", "a number above 0")
    return Fraction(maximum)


def _said_by(scope: Attributes, *, signed: bool) -> Modality | None:
    """Return what one place says of modality values; None if it says nothing."""
    table = first_table(scope, _MODALITY_LUT, signed=signed)
    if table and not is_cut(items(scope, _MODALITY_LUT)[0]):
        return table
    slope, intercept = (
        _number_in(scope, tag, name)
        for tag, name in ((_SLOPE, "Rescale Slope"), (_INTERCEPT, "Rescale Intercept"))
    )
    for value in (slope, intercept):
        if isinstance(value, Unreadable):
            return value
    if slope is not None or intercept is not None:
        assert not isinstance(slope, Unreadable)
        assert not isinstance(intercept, Unreadable)
        return Rescale(1.0 if slope is None else slope, intercept or 0.0)
    if any(items(scope, _MODALITY_LUT)[:1]):
        return Unreadable("Modality LUT Sequence", "its table", "as many entries as its descriptor says")
    return None


def _number_in(scope: Attributes, tag: str, name: str) -> float | Unreadable | None:
    """Return the one number that an attribute holds, None if it has no value."""
    element = scope.get(tag)
    if not isinstance(element, dict) or not element.keys() - {"vr"}:
        return None
    if element.get("Value") in ([], [None]):
        return None
    values = set(numbers(scope, tag))
    if len(values) == 1 and (value := values.pop()) is not None:
        return value
    return Unreadable(name, shorten(_as_written(first_value(scope, tag), len(values))), "one number")


def _as_written(value: Any, number_of_values: int) -> str:
    if number_of_values > 1:
        return f"{value} and {number_of_values - 1} others"
    return str(value) if isinstance(value, str | int | float) else "a value of another kind"
