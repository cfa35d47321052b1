import base64
from typing import Any

import numpy as np
import pytest

from service.pixels.overlay import overlays_of

DRAWING = np.array([[1, 0, 1], [0, 1, 1]], np.uint8)


def stated(bits: Any, **others: Any) -> dict[str, Any]:
    """Return DICOM JSON of an overlay in the group 6002."""
    *_, rows, columns = bits.shape
    data = base64.b64encode(np.packbits(bits, axis=None, bitorder="little").tobytes()).decode()
    numbers = {"0010": rows, "0011": columns} | {name.strip("_"): value for name, value in others.items()}
    values = {
        f"6002{name}": {"vr": "US", "Value": np.atleast_1d(value).tolist()} for name, value in numbers.items()
    }
    return values | {"60023000": {"vr": "OW", "InlineBinary": data}}


def drawn(image: dict[str, Any], shape: tuple[int, ...] = (4, 5), number: int = 1) -> Any:
    levels = np.full(shape, 7, np.uint8)
    for overlay in overlays_of(image, number):
        levels = overlay.drawn(levels)
    return levels


@pytest.mark.parametrize(
    ("origin", "rows", "columns", "part"),
    [
        ([1, 1], slice(0, 2), slice(0, 3), DRAWING),
        ([3, 2], slice(2, 4), slice(1, 4), DRAWING),
        ([4, 5], slice(3, 4), slice(4, 5), DRAWING[:1, :1]),
        ([0, -1], slice(0, 1), slice(0, 1), DRAWING[1:, 2:]),
    ],
)
@pytest.mark.parametrize("shape", [(4, 5), (4, 5, 3)])
def test_an_overlay_is_drawn_in_white_where_its_origin_says(
    origin: list[int], rows: slice, columns: slice, part: Any, shape: tuple[int, ...]
) -> None:
    expected = np.full((4, 5), 7, np.uint8)
    expected[rows, columns][part > 0] = 255

    levels = drawn(stated(DRAWING, _0050=origin), shape)

    assert (levels == (expected if len(shape) == 2 else expected[..., np.newaxis])).all()


def test_an_overlay_of_several_frames_is_drawn_on_each_its_own() -> None:
    bits = np.stack([DRAWING, 1 - DRAWING])
    image = stated(bits, _0015=2, _0051=2)

    assert [(drawn(image, number=number)[:2, :3] == 255).astype(int).tolist() for number in (1, 2, 3, 4)] == [
        np.zeros((2, 3), int).tolist(),
        DRAWING.tolist(),
        (1 - DRAWING).tolist(),
        np.zeros((2, 3), int).tolist(),
    ]


@pytest.mark.parametrize(
    "image",
    [
        pytest.param({}, id="none"),
        pytest.param(stated(DRAWING, _0010=200), id="larger than its data"),
        pytest.param(stated(DRAWING, _0010=0), id="no rows"),
        pytest.param(stated(DRAWING) | {"60023000": {"vr": "OW"}}, id="no data"),
        pytest.param(stated(DRAWING) | {"60020040": {"vr": "CS", "Value": ["R"]}}, id="a region of interest"),
        pytest.param(stated(DRAWING, _0050=[900, -900]), id="beside the picture"),
    ],
)
def test_what_is_no_drawing_on_the_picture_leaves_it_alone(image: dict[str, Any]) -> None:
    assert (drawn(image) == 7).all()
