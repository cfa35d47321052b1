import numpy as np
import pytest

from service.pixels.arrays import Levels
from service.pixels.display.annotation import Annotation, annotated, placeholder
from service.pixels.display.viewport import Viewport

TEXT = Annotation(["Doe, Jane", "ID 7"], ["CT", "120 kV"])


def _gray(height: int, width: int) -> Levels:
    return np.full((height, width), 100, np.uint8)


def _touched(picture: Levels, before: Levels) -> np.ndarray:
    return np.argwhere(picture != before)


def test_the_patient_is_written_above_and_technique_below() -> None:
    picture = _gray(200, 300)

    above = _touched(annotated(picture, Annotation(top=["Doe"])), picture)
    below = _touched(annotated(picture, Annotation(bottom=["CT"])), picture)

    assert above[:, 0].max() < 30
    assert below[:, 0].min() > 170
    assert above[:, 1].max() < 100


def test_text_is_white_on_what_is_darker_than_before() -> None:
    result = annotated(_gray(200, 300), TEXT)

    assert set(np.unique(result)) == {0, 33, 100, 255}


def test_the_picture_given_stays_as_it_is() -> None:
    picture = _gray(64, 64)

    annotated(picture, TEXT)

    assert (picture == 100).all()


def test_text_grows_with_the_picture() -> None:
    small, large = (np.count_nonzero(annotated(_gray(side, side), TEXT) == 255) for side in (256, 1024))

    assert large == 16 * small


def test_a_line_too_long_for_the_picture_is_cut() -> None:
    picture = _gray(40, 60)

    result = annotated(picture, Annotation(top=["A name that goes on and on"]))

    np.testing.assert_array_equal(result, annotated(picture, Annotation(top=["A name..."])))


@pytest.mark.parametrize("shape", [(1, 1), (3, 3, 3), (12, 500), (500, 5, 3)])
def test_pictures_of_any_size_can_be_written_on(shape: tuple[int, ...]) -> None:
    picture = np.zeros(shape, np.uint8)

    assert annotated(picture, TEXT).shape == shape


@pytest.mark.parametrize(
    ("viewport", "shape"),
    [
        pytest.param(Viewport(128, 96), (96, 128), id="as large as asked"),
        pytest.param(Viewport(65535, 65535), (512, 512), id="but not endless"),
        pytest.param(Viewport(1, 1), (1, 1), id="a single pixel"),
    ],
)
def test_a_placeholder_fills_its_viewport(viewport: Viewport, shape: tuple[int, int]) -> None:
    assert placeholder("RTSTRUCT", viewport).shape == shape


def test_placeholders_of_different_kinds_differ() -> None:
    assert not np.array_equal(placeholder("SR", Viewport(128, 128)), placeholder("ECG", Viewport(128, 128)))
