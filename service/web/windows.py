"""The window that a query asks for, PS3.18 8.3.5.1.4: for pictures, and for volumes."""

import re
from collections.abc import Mapping

from service.errors import InvalidParameter
from service.pixels.window import PRESETS, Window

DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)

_FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}


def window_of(parameters: Mapping[str, str]) -> Window | None:
    """Return the window asked for: `window=center,width,function`, PS3.18 8.3.5.1.4, or one of PRESETS.

    Raises:
        InvalidParameter: it is not of this form.
        InvalidWindow: the Standard defines no such window.
    """
    value = parameters.get("window")
    if value is None:
        return None
    if preset := PRESETS.get(value.strip().lower()):
        return preset
    center, width, function = [*(part.strip() for part in value.split(",")), "", "", ""][:3]
    numbers = DECIMAL.fullmatch(center) and DECIMAL.fullmatch(width)
    if value.count(",") != 2 or not numbers or function not in _FUNCTIONS:
        forms = f"center,width,function with a function of {', '.join(_FUNCTIONS)}"
        raise InvalidParameter("window", value, f"{forms}; or one of {', '.join(PRESETS)}")
    return Window(float(center), float(width), _FUNCTIONS[function])
