"""The header of JPEG 2000."""

import imagecodecs
import pytest

from service.pixels.headers.jpeg2000 import jpeg2000_header
from service.pixels.headers.stream_header import StreamHeader
from tests.pixels.images import colour, gray


@pytest.mark.parametrize("codec_format", ["j2k", "jp2"])
@pytest.mark.parametrize(("kind", "signed"), [("u2", False), ("i2", True)])
def test_a_jpeg_2000_header_says_what_follows(codec_format: str, kind: str, *, signed: bool) -> None:
    stream = imagecodecs.jpeg2k_encode(gray(20, 30, kind), codecformat=codec_format)

    assert jpeg2000_header(stream) == StreamHeader(20, 30, 1, 16, signed=signed)


@pytest.mark.parametrize("transformed", [True, False])
def test_a_jpeg_2000_header_tells_whether_colour_was_transformed(*, transformed: bool) -> None:
    stream = imagecodecs.jpeg2k_encode(colour(20, 30), codecformat="j2k", mct=transformed)

    assert jpeg2000_header(stream).colour == ("YBR" if transformed else "")
