"""The windows of the VOI LUT: which range of modality values fills the display, and along which curve.

Some have names: the ones radiologists reach for, in Hounsfield units.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from service.errors import InvalidWindow, shorten
from service.pixels.arrays import Values


@dataclass(frozen=True, slots=True)
class Window:
    """A window that the Standard defines.

    Attributes:
        center: in modality units.
        width: in modality units; at least 1 for LINEAR, above 0 for the others.
        function: VOI LUT Function: LINEAR, LINEAR_EXACT or SIGMOID.

    Raises:
        InvalidWindow: the Standard defines no such window.

    Standard: PS3.3 C.11.2.1.2, C.11.2.1.3.
    """

    center: float
    width: float
    function: str = "LINEAR"

    def __post_init__(self) -> None:
        if self.function not in FUNCTIONS:
            expected = ", ".join(FUNCTIONS)
            raise InvalidWindow(f"VOI LUT Function {shorten(self.function)}: expected one of {expected}")
        if not (math.isfinite(self.center) and math.isfinite(self.width)):
            raise InvalidWindow(f"window {self.center}, {self.width}: expected two finite numbers")
        if self.function == "LINEAR" and self.width < 1:
            raise InvalidWindow(f"window width {self.width}: expected at least 1 for LINEAR")
        if self.width <= 0:
            raise InvalidWindow(f"window width {self.width}: expected more than 0 for {self.function}")

    def fraction(self, values: Values) -> Values:
        """Map modality values, any shape, to 0 ... 1."""
        return FUNCTIONS[self.function](values, self)


def window_linear(values: Values, window: Window) -> Values:
    """Map modality values to 0 ... 1 through a LINEAR window; one of width 1 is a threshold.

    Standard: PS3.3 C.11.2.1.2.1.
    """
    center, width = window.center - 0.5, window.width - 1
    if width == 0:
        return np.where(values > center, 1.0, 0.0)
    return np.clip((values - center) / width + 0.5, 0, 1)


def window_linear_exact(values: Values, window: Window) -> Values:
    """Map modality values to 0 ... 1 through a LINEAR_EXACT window.

    Standard: PS3.3 C.11.2.1.3.2.
    """
    return np.clip((values - window.center) / window.width + 0.5, 0, 1)


def window_sigmoid(values: Values, window: Window) -> Values:
    """Map modality values to 0 ... 1 along a SIGMOID curve, which is 0.5 at the center.

    Standard: PS3.3 C.11.2.1.3.1.
    """
    with np.errstate(over="ignore"):
        return np.asarray(1 / (1 + np.exp(-4 * (values - window.center) / window.width)))


FUNCTIONS: dict[str, Callable[[Values, Window], Values]] = {
    "LINEAR": window_linear,
    "LINEAR_EXACT": window_linear_exact,
    "SIGMOID": window_sigmoid,
}

PRESETS = {
    "abdomen": Window(60, 400),
    "angio": Window(300, 600),
    "bone": Window(300, 1500),
    "brain": Window(40, 80),
    "head": Window(40, 120),
    "liver": Window(60, 160),
    "lung": Window(-600, 1500),
    "mediastinum": Window(50, 350),
    "pelvis": Window(40, 400),
    "pulmonary-embolism": Window(100, 700),
    "soft-tissue": Window(40, 400),
    "spine": Window(50, 250),
    "stroke": Window(40, 40),
    "subdural": Window(75, 215),
    "temporal-bone": Window(600, 2800),
}
"""Name in the `window` parameter → window."""
