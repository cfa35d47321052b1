from xml.etree import ElementTree

import pytest

from tests.bench.curves import Panel, Scale, draw, short

_SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("is_log", [True, False])
def test_every_curve_is_drawn_in_its_panel_and_named_once(is_log: bool) -> None:
    curves = {"SQLite": [(10, 1), (100, 3)], "PostgreSQL": [(10, 2), (100, 2)]}
    panels = [Panel("look-up", curves), Panel("store & delete", curves)]

    picture = ElementTree.fromstring(draw("Growth", panels, across="instances", is_log=is_log))  # noqa: S314 it is ours

    texts = [element.text for element in picture.iter(f"{_SVG}text")]
    assert len(list(picture.iter(f"{_SVG}polyline"))) == 4
    assert all(texts.count(text) == 1 for text in ("Growth", "SQLite", "PostgreSQL", "store & delete"))


def test_curves_of_nothing_but_zero_are_drawn() -> None:
    picture = draw("Soak", [Panel("files", {"files": [(0, 0), (1, 0)]})], across="minutes", is_log=False)

    assert "nan" not in picture


def test_a_logarithmic_scale_has_powers_of_ten_at_equal_distances() -> None:
    scale = Scale(1, 1000, 0, 300, is_log=True)

    assert [scale.place(value) for value in (1, 10, 100, 1000)] == pytest.approx([0, 100, 200, 300])
    assert scale.marks == [1, 10, 100, 1000]


@pytest.mark.parametrize(("value", "expected"), [(0.5, "0.5"), (1000, "1k"), (2_500_000, "2.5M")])
def test_axes_are_labelled_shortly(value: float, expected: str) -> None:
    assert short(value) == expected
