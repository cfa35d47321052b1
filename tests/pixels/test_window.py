import math

import numpy as np
import pytest

from service.errors import InvalidWindow
from service.pixels.window import Window

WINDOWS = [
    pytest.param(40.0, 400.0, id="soft tissue"),
    pytest.param(2048.0, 4096.0, id="the identity of 12 bits"),
    pytest.param(0.5, 1.0, id="the narrowest of LINEAR"),
    pytest.param(-600.25, 1500.5, id="fractions, and a negative center"),
    pytest.param(0.0, 2.0, id="two grays"),
]


def standard_linear(x: float, c: float, w: float) -> float:
    if x <= c - 0.5 - (w - 1) / 2:
        return 0.0
    if x > c - 0.5 + (w - 1) / 2:
        return 1.0
    return (x - (c - 0.5)) / (w - 1) + 0.5


def standard_linear_exact(x: float, c: float, w: float) -> float:
    if x <= c - w / 2:
        return 0.0
    if x > c + w / 2:
        return 1.0
    return (x - c) / w + 0.5


def standard_sigmoid(x: float, c: float, w: float) -> float:
    exponent = -4 * (x - c) / w
    return 0.0 if exponent > 700 else 1 / (1 + math.exp(exponent))


STANDARD = {"LINEAR": standard_linear, "LINEAR_EXACT": standard_linear_exact, "SIGMOID": standard_sigmoid}


@pytest.mark.parametrize("function", STANDARD)
@pytest.mark.parametrize(("center", "width"), WINDOWS)
def test_a_window_follows_the_formula_of_its_function(function: str, center: float, width: float) -> None:
    values = np.linspace(-3000, 5000, 8001)

    fractions = Window(center, width, function).fraction(values)

    expected = [STANDARD[function](x, center, width) for x in values]
    np.testing.assert_allclose(fractions, expected, atol=1e-12)


def test_a_linear_window_of_width_1_is_a_threshold_at_half_below_its_center() -> None:
    fractions = Window(100, 1).fraction(np.array([99.0, 99.5, 99.6, 100.0]))

    assert fractions.tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize(
    ("center", "width", "function"),
    [
        pytest.param(0, 0.99, "LINEAR", id="LINEAR needs a width of 1"),
        pytest.param(0, 0, "LINEAR_EXACT", id="no width"),
        pytest.param(0, -5, "SIGMOID", id="negative width"),
        pytest.param(math.nan, 1, "LINEAR", id="center is no number"),
        pytest.param(0, math.inf, "LINEAR", id="endless width"),
        pytest.param(0, 1, "linear", id="not the word of the Standard"),
    ],
)
def test_a_window_the_standard_does_not_define_is_refused(center: float, width: float, function: str) -> None:
    with pytest.raises(InvalidWindow, match="expected"):
        Window(center, width, function)


@pytest.mark.parametrize("function", ["LINEAR_EXACT", "SIGMOID"])
def test_only_linear_needs_a_width_of_1(function: str) -> None:
    fractions = Window(0.25, 0.5, function).fraction(np.array([0.25]))

    assert fractions.tolist() == [0.5]
