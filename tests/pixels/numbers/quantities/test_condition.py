import pytest
from pydicom.datadict import keyword_for_tag

from service.pixels.numbers.geometry.frame_values import values_of_frames
from service.pixels.numbers.geometry.traits import TRAITS
from service.pixels.numbers.quantities.condition import Condition, written


@pytest.mark.parametrize(
    ("text", "values", "is_meant"),
    [
        ("2", (2,), True),
        ("2", (2.0,), True),
        ("2", (20,), False),
        ("1-5", (5,), True),
        ("1-5", (6,), False),
        ("-5--1", (-3,), True),
        ("5-", (1000,), True),
        ("1000", (1000.0,), True),
        ("4.6,9.2", (9.2,), True),
        ("M", ("ORIGINAL", "PRIMARY", "M"), True),
        ("M", ("MAGNITUDE",), False),
        ("M*", ("MAGNITUDE",), True),
        ("[M]*", ("M",), False),
        ("ORIGINAL\\PRIMARY", ("ORIGINAL", "PRIMARY"), True),
        ("ORIGINAL\\PRIMARY", ("ORIGINAL", "PRIMARY", "M"), False),
        ("1\\0", (1, 0), True),
        ("1\\0", (0, 1), False),
        ("a,b", ("a,b",), True),
        ("1-5", ("1-5",), True),
        ("1015-1016", ("101600.5",), True),
        ("1015-1016", ("101700",), False),
        ('""', (), True),
        ('""', (1,), False),
        ("2", (), False),
        ("nan", (1,), False),
    ],
)
def test_a_value_is_a_number_a_range_a_text_or_a_list(
    text: str, values: tuple[object, ...], is_meant: bool
) -> None:
    assert Condition("a", ("00180086",), text).accepts(values) == is_meant


@pytest.mark.parametrize("value", [4.6, 3, -1e-5, "M", ("ORIGINAL", "PRIMARY"), (1.0, 0.0), None])
def test_what_is_written_is_met_by_its_value(value: object) -> None:
    values = () if value is None else value if isinstance(value, tuple) else (value,)

    assert Condition("a", ("00180086",), written(value)).accepts(values)


def test_a_frame_has_what_its_own_functional_groups_say_then_the_shared_then_the_data_set() -> None:
    b_value, index, echoes = "00189087", "00209128", "00180086"
    metadata = {
        echoes: {"vr": "IS", "Value": [7]},
        "52009229": {
            "vr": "SQ",
            "Value": [{"00189117": {"vr": "SQ", "Value": [{b_value: {"vr": "FD", "Value": [0]}}]}}],
        },
        "52009230": {
            "vr": "SQ",
            "Value": [
                {"00209111": {"vr": "SQ", "Value": [{index: {"vr": "UL", "Value": [1]}}]}},
                {"00189117": {"vr": "SQ", "Value": [{b_value: {"vr": "FD", "Value": [1000]}}]}},
            ],
        },
    }

    frames = list(values_of_frames(metadata, 2, [(b_value,), (index,), (echoes,), ("00189117", b_value)]))

    assert frames[0] == ((0,), (1,), (7,), (0,))
    assert frames[1] == ((1000,), (), (7,), (1000,))


def test_a_vector_has_a_value_for_each_frame() -> None:
    metadata = {"00540070": {"vr": "US", "Value": [1, 2]}}

    assert list(values_of_frames(metadata, 3, [("00540070",)])) == [((1,),), ((2,),), ((),)]


def test_the_keyword_of_a_trait_is_that_of_its_attribute() -> None:
    for trait in TRAITS:
        assert {keyword_for_tag(int(path[-1], 16)) for path in trait.paths} == {trait.keyword}
