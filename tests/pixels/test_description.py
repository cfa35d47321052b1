from typing import Any

import pytest

from service.errors import NotRenderable
from service.pixels.description import ATTRIBUTES, describe
from service.pixels.lut import LookupTable
from service.pixels.rescale import Rescale
from service.pixels.window import Window
from tests.pixels.images import TAGS, attributes, described, image, lut


def test_a_plain_image_is_described_as_it_says() -> None:
    description = described(rows=3, columns=5, allocated=16, stored=12, high=11, signed=1)

    assert (description.rows, description.columns, description.frame_length) == (3, 5, 30)
    assert (description.bits_allocated, description.bits_stored, description.high_bit) == (16, 12, 11)
    assert description.stored_range == (-2048, 2047)
    assert description.modality == Rescale(1, 0)
    assert description.voi is None


def test_every_attribute_used_is_among_those_kept() -> None:
    assert {tag for tag, _ in TAGS.values()} <= ATTRIBUTES


def test_numbers_may_be_strings() -> None:
    description = described(rows="7", center="40", width=" 400 ", slope="2", intercept="-1024")

    assert description.rows == 7
    assert description.voi == Window(40, 400)
    assert description.modality == Rescale(2, -1024)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"center": [40, 300], "width": [400, 1500]}, Window(40, 400), id="the first of several"),
        pytest.param({"center": [0, 300], "width": [0, 1500]}, Window(300, 1500), id="width 0 is no window"),
        pytest.param({"center": 40, "width": -400}, None, id="nor is a negative width"),
        pytest.param({"center": 40}, None, id="nor is a center alone"),
        pytest.param({"center": [None, 1], "width": ["x", 2]}, Window(1, 2), id="values of a wrong kind"),
        pytest.param(
            {"center": 1, "width": 2, "function": "SIGMOID"}, Window(1, 2, "SIGMOID"), id="its function"
        ),
        pytest.param({"center": 1, "width": 2, "function": "CUBIC"}, Window(1, 2), id="unknown: LINEAR"),
        pytest.param({"center": 1, "width": 0.5}, Window(1, 0.5, "LINEAR_EXACT"), id="narrower than LINEAR"),
    ],
)
def test_the_first_window_that_can_be_is_taken(values: dict[str, Any], expected: Window | None) -> None:
    assert described(**values).voi == expected


def test_a_voi_lut_comes_before_a_window() -> None:
    description = described(center=40, width=400, voi_lut=lut([2, 0, 8], [0, 255]))

    assert isinstance(description.voi, LookupTable)


def test_a_modality_lut_that_cannot_be_read_leaves_the_rescale() -> None:
    assert described(modality_lut={}, slope=2, intercept=1).modality == Rescale(2, 1)


def test_a_slope_of_0_is_applied_as_it_stands() -> None:
    assert described(slope=0, intercept=-1024).modality == Rescale(0, -1024)


@pytest.mark.parametrize(
    ("frame_number", "expected"),
    [
        pytest.param(1, Rescale(3, 1), id="its own groups first"),
        pytest.param(2, Rescale(2, 0), id="then the shared ones"),
        pytest.param(9, Rescale(2, 0), id="also beyond the last group"),
    ],
)
def test_functional_groups_of_the_frame_come_first(frame_number: int, expected: Rescale) -> None:
    frame_groups = attributes(pixel_value_transformation=attributes(slope=3, intercept=1))
    shared = attributes(pixel_value_transformation=attributes(slope=2, intercept=0))

    description = describe(
        image(slope=1, intercept=5, shared=shared, per_frame=[frame_groups, {}]), frame_number
    )

    assert description.modality == expected


def test_each_frame_has_its_own_window() -> None:
    groups = [attributes(frame_voi_lut=attributes(center=center, width=10)) for center in (1, 2)]
    enhanced = image(per_frame=groups, center=99, width=99)

    assert [describe(enhanced, number).voi for number in (1, 2, 3)] == [
        Window(1, 10),
        Window(2, 10),
        Window(99, 99),
    ]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"stored": 0}, (16, 15), id="no bits stored"),
        pytest.param({"stored": 17}, (16, 15), id="more than allocated"),
        pytest.param({"stored": None}, (16, 15), id="not stated"),
        pytest.param({"stored": 12, "high": 15}, (12, 15), id="in the upper bits"),
        pytest.param({"stored": 12, "high": 5}, (12, 11), id="a high bit too low"),
        pytest.param({"stored": 12, "high": 40}, (12, 11), id="a high bit outside"),
        pytest.param({"stored": 12, "high": None}, (12, 11), id="no high bit"),
    ],
)
def test_bits_that_cannot_be_are_put_right(values: dict[str, Any], expected: tuple[int, int]) -> None:
    description = described(**values)

    assert (description.bits_stored, description.high_bit) == expected


def test_an_image_without_bits_stored_and_pixel_representation_is_floating() -> None:
    assert described(allocated=32, stored=None, signed=None).floating
    assert not described(allocated=32).floating
    assert not described(allocated=32, stored=None, signed=None, samples=3, photometric="RGB").floating


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param({"padding": -2000, "signed": 1}, (-2000, -2000), id="one value"),
        pytest.param({"padding": 63536, "signed": 1}, (-2000, -2000), id="signed, stated as unsigned"),
        pytest.param({"padding": -2000}, (63536, 63536), id="unsigned, stated as signed"),
        pytest.param({"padding": 4095, "padding_limit": 4000}, (4000, 4095), id="a range, downwards"),
        pytest.param({"padding": "?"}, None, id="no number"),
    ],
)
def test_padding_is_a_range_of_stored_values(values: dict[str, Any], expected: tuple[int, int]) -> None:
    assert described(**values).padding == expected


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"rows": None}, id="no rows"),
        pytest.param({"rows": 0}, id="0 rows"),
        pytest.param({"columns": -1}, id="negative columns"),
        pytest.param({"columns": 1e300}, id="endless columns"),
        pytest.param({"rows": "many"}, id="rows in words"),
        pytest.param({"allocated": 12}, id="12 bits allocated"),
        pytest.param({"allocated": None}, id="no bits allocated"),
        pytest.param({"photometric": None}, id="no photometric interpretation"),
        pytest.param({"photometric": 5}, id="a number for it"),
        pytest.param({"samples": 4}, id="four samples per pixel"),
        pytest.param({"samples": -3}, id="fewer than none"),
    ],
)
def test_what_makes_no_picture_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(NotRenderable, match="expected"):
        described(**values)


@pytest.mark.parametrize("tag", sorted(ATTRIBUTES))
@pytest.mark.parametrize(
    "broken",
    [
        pytest.param(None, id="null"),
        pytest.param("text", id="a string"),
        pytest.param({"vr": "US"}, id="empty"),
        pytest.param({"vr": "US", "Value": None}, id="null values"),
        pytest.param({"vr": "US", "Value": {"0": 1}}, id="an object"),
        pytest.param({"vr": "US", "Value": [None]}, id="a null"),
        pytest.param({"vr": "US", "Value": ["9" * 5000]}, id="5000 digits"),
        pytest.param({"vr": "US", "Value": [10**400]}, id="a number beyond floats"),
        pytest.param({"vr": "US", "Value": ["nan"]}, id="nan"),
        pytest.param({"vr": "SQ", "Value": [[[]], 1]}, id="lists for items"),
        pytest.param({"vr": "OW", "InlineBinary": 5}, id="a number for bytes"),
    ],
)
def test_a_value_of_any_kind_is_put_right_or_refused(tag: str, broken: Any) -> None:
    usual = image(center=1, width=2, voi_lut=lut([2, 0, 8], [0, 1]))

    try:
        description = describe({**usual, tag: broken})
    except NotRenderable:
        return

    assert description.frame_length > 0


def test_a_photometric_interpretation_that_is_no_code_string_is_refused() -> None:
    with pytest.raises(NotRenderable, match="no code string"):
        described(photometric="MONOCHROME\ufffd")
