"""The header of JPEG XL."""

import imagecodecs
import pytest

from service.pixels.headers.jpeg_xl import jpeg_xl_header
from tests.pixels.images import gray


@pytest.mark.parametrize(
    ("rows", "columns"),
    [
        pytest.param(20, 30, id="no eighths"),
        pytest.param(64, 128, id="eighths"),
        pytest.param(64, 64, id="a square"),
        pytest.param(75, 100, id="4 to 3"),
        pytest.param(1, 2000, id="a line"),
        pytest.param(9000, 3, id="a column"),
    ],
)
@pytest.mark.parametrize("container", [True, False])
def test_a_jpeg_xl_header_says_how_large_the_picture_is(rows: int, columns: int, *, container: bool) -> None:
    stream = imagecodecs.jpegxl_encode(gray(rows, columns, "u1"), usecontainer=container, effort=1)

    header = jpeg_xl_header(stream)

    assert (header.rows, header.columns) == (rows, columns)
