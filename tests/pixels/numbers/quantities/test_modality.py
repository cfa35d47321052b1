from typing import Any

import numpy as np
import pytest

from service.pixels.numbers.quantities.modality import (
    FLOAT32,
    FLOAT64,
    INT16,
    INT32,
    UINT32,
    UINT64,
    modality_values,
    value_type,
)
from tests.pixels.images import described, lut


@pytest.mark.parametrize(
    ("image", "kind"),
    [
        pytest.param({"stored": 12, "intercept": -1024, "slope": 1}, INT16, id="a usual CT"),
        pytest.param({"stored": 16, "signed": 1}, INT16, id="signed and not rescaled"),
        pytest.param({"stored": 16, "intercept": -32768, "slope": 1}, INT16, id="it just fits"),
        pytest.param(
            {"stored": 16, "intercept": -1024, "slope": 1}, FLOAT32, id="stored values may be large"
        ),
        pytest.param({"stored": 12, "slope": 0.5}, FLOAT32, id="halves"),
        pytest.param({"stored": 12, "intercept": 0.5}, FLOAT32, id="a broken intercept"),
        pytest.param({"stored": 12, "slope": 16}, FLOAT32, id="a steep slope"),
        pytest.param({"allocated": 32, "stored": None, "signed": None}, FLOAT32, id="floating"),
        pytest.param({"allocated": 64, "stored": None, "signed": None}, FLOAT64, id="floating, of 64 bits"),
        pytest.param({"allocated": 32, "stored": 24}, FLOAT32, id="24 of 32 bits"),
        pytest.param({"allocated": 32}, UINT32, id="32 bits"),
        pytest.param({"allocated": 32, "signed": 1}, INT32, id="32 bits, signed"),
        pytest.param({"allocated": 32, "slope": 0.1}, FLOAT64, id="32 bits, rescaled"),
        pytest.param({"allocated": 64}, UINT64, id="64 bits"),
        pytest.param({"modality_lut": lut([2, 0, 16], [1, 2])}, FLOAT32, id="a Modality LUT"),
    ],
)
def test_the_type_holds_every_value_that_there_could_be(image: dict[str, Any], kind: np.dtype[Any]) -> None:
    assert value_type([described(**image)]) == kind


def test_one_frame_of_another_kind_makes_all_of_them_float32() -> None:
    whole, halves = described(stored=12), described(stored=12, slope=0.5)

    assert value_type([whole, halves]) == FLOAT32


def test_frames_of_several_kinds_have_a_type_that_holds_them_all() -> None:
    long, halves = described(allocated=32, signed=1), described(stored=12, slope=0.5)

    assert value_type([long, halves]) == FLOAT64


@pytest.mark.parametrize("slope", [1, 3, -2, 0.1])
@pytest.mark.parametrize("intercept", [0, -1024, 7])
@pytest.mark.parametrize("kind", [INT16, FLOAT32], ids=str)
def test_values_are_those_of_the_standards_formula(
    slope: float, intercept: float, kind: np.dtype[Any]
) -> None:
    description = described(stored=12, slope=slope, intercept=intercept)
    kind = max(kind, value_type([description]))
    stored = np.arange(4096, dtype=np.uint16).reshape(64, 64)

    values = modality_values(stored, description, kind)

    assert values.dtype == kind
    np.testing.assert_array_equal(values, (stored * float(slope) + intercept).astype(kind))


def test_a_modality_lut_takes_the_place_of_the_rescale() -> None:
    description = described(modality_lut=lut([3, 10, 16], [100, 200, 60000]))

    values = modality_values(np.array([[9, 11, 12]], np.uint16), description, FLOAT32)

    assert values.tolist() == [[100, 200, 60000]]
