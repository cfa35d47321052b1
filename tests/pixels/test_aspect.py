from typing import Any

import pytest

from service.pixels.aspect import pixel_aspect


def _element(*values: Any) -> dict[str, Any]:
    return {"vr": "DS", "Value": list(values)}


def _measures(*spacing: float) -> dict[str, Any]:
    return {"vr": "SQ", "Value": [{"00289110": {"vr": "SQ", "Value": [{"00280030": _element(*spacing)}]}}]}


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        pytest.param({}, 1, id="not stated"),
        pytest.param({"00280034": _element(2, 1)}, 2, id="Pixel Aspect Ratio is vertical to horizontal"),
        pytest.param({"00280030": _element("0.5", "1.0")}, 0.5, id="Pixel Spacing is row to column"),
        pytest.param({"00181164": _element(0.3, 0.1)}, 3, id="Imager Pixel Spacing"),
        pytest.param({"52009229": _measures(2, 1), "00280034": _element(1, 1)}, 2, id="functional groups"),
        pytest.param({"00280034": _element(0, 1)}, 1, id="zero"),
        pytest.param({"00280034": _element(1)}, 1, id="one value"),
        pytest.param({"00280034": _element(None, "x")}, 1, id="no numbers"),
        pytest.param({"00280030": _element(5000, 1)}, 1, id="a slip of the pen"),
    ],
)
def test_the_aspect_of_pixels_is_their_height_by_their_width(image: dict[str, Any], expected: float) -> None:
    assert pixel_aspect(image, 1) == pytest.approx(expected)


def test_frames_may_differ() -> None:
    groups = [*_measures(1, 1)["Value"], *_measures(3, 1)["Value"]]

    assert pixel_aspect({"52009230": {"vr": "SQ", "Value": groups}}, 2) == 3
