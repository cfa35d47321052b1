from typing import Any

import numpy as np
import pytest

from service.pixels.lut import lookup_table
from tests.pixels.images import lut


def test_inputs_outside_a_table_get_its_first_or_last_entry() -> None:
    table = lookup_table(lut([3, 10, 16], [100, 200, 300]), signed=False)

    assert table is not None
    assert table.modality(np.array([0, 10, 11, 12, 4000])).tolist() == [100, 100, 200, 300, 300]


def test_a_first_input_stated_as_unsigned_is_negative_where_inputs_may_be() -> None:
    table = lookup_table(lut([3, 65535, 8], [7, 8, 9]), signed=True)

    assert table is not None
    assert table.modality(np.array([-2, -1, 0, 1])).tolist() == [7, 7, 8, 9]


def test_a_length_of_0_means_65536_entries() -> None:
    table = lookup_table(lut([0, 0, 16], range(65536)), signed=False)

    assert table is not None
    assert table.modality(np.array([0, 40000, 65535])).tolist() == [0, 40000, 65535]


def test_the_number_of_bits_makes_the_fraction() -> None:
    table = lookup_table(lut([2, 0, 12], [0, 4095]), signed=False)

    assert table is not None
    assert table.fraction(np.array([0.0, 1.0])).tolist() == [0, 1]


def test_entries_larger_than_the_stated_bits_widen_the_table() -> None:
    table = lookup_table(lut([2, 0, 8], [0, 1023]), signed=False)

    assert table is not None
    assert table.fraction(np.array([1.0])).tolist() == [1]


def test_entries_of_8_bits_may_be_packed_two_in_a_word() -> None:
    table = lookup_table(lut([4, 0, 8], [1, 2, 3, 255], word="u1"), signed=False)

    assert table is not None
    assert table.modality(np.arange(4)).tolist() == [1, 2, 3, 255]


def test_entries_may_be_values_in_place_of_bytes() -> None:
    item = {**lut([3, 0, 16], []), "00283006": {"vr": "US", "Value": [5, 6, 7]}}

    table = lookup_table(item, signed=False)

    assert table is not None
    assert table.modality(np.arange(3)).tolist() == [5, 6, 7]


def test_a_value_that_is_no_number_gets_the_first_entry() -> None:
    table = lookup_table(lut([2, 0, 8], [10, 20]), signed=False)

    assert table is not None
    assert table.modality(np.array([np.nan, np.inf, -np.inf])).tolist() == [10, 20, 10]


@pytest.mark.parametrize(
    "item",
    [
        pytest.param({}, id="empty"),
        pytest.param(lut([2, 0], [1, 2]), id="a descriptor of two values"),
        pytest.param(lut([2, 0, 8], []), id="no entries"),
        pytest.param({**lut([2, 0, 8], []), "00283006": {"vr": "OW", "InlineBinary": "?"}}, id="not base64"),
        pytest.param({**lut([2, 0, 8], []), "00283006": {"vr": "OW", "BulkDataURI": "x"}}, id="elsewhere"),
    ],
)
def test_a_table_that_cannot_be_read_is_none(item: dict[str, Any]) -> None:
    assert lookup_table(item, signed=False) is None
