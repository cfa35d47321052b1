"""The headers of JPEG and JPEG-LS."""

import imagecodecs
import pytest

from service.pixels.headers.jpeg import jpeg_header
from service.pixels.headers.stream_header import StreamHeader
from tests.pixels.images import colour, gray


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        pytest.param(
            imagecodecs.jpeg8_encode(gray(20, 30, "u1")),
            StreamHeader(20, 30, 1, 8, lossy=True),
            id="baseline",
        ),
        pytest.param(
            imagecodecs.jpeg8_encode(gray(20, 30), bitspersample=12),
            StreamHeader(20, 30, 1, 12, lossy=True),
            id="extended",
        ),
        pytest.param(
            imagecodecs.jpeg8_encode(gray(20, 30), bitspersample=14, lossless=True),
            StreamHeader(20, 30, 1, 14),
            id="lossless",
        ),
        pytest.param(
            imagecodecs.jpeg8_encode(colour(20, 30), colorspace="RGB", outcolorspace="YCBCR"),
            StreamHeader(20, 30, 3, 8, lossy=True, colour="YBR"),
            id="colour",
        ),
        pytest.param(
            imagecodecs.jpeg8_encode(colour(20, 30), colorspace="RGB", outcolorspace="RGB"),
            StreamHeader(20, 30, 3, 8, lossy=True, colour="RGB"),
            id="colour that is RGB",
        ),
        pytest.param(imagecodecs.jpegls_encode(gray(20, 30)), StreamHeader(20, 30, 1, 16), id="JPEG-LS"),
    ],
)
def test_a_jpeg_header_says_what_follows(stream: bytes, expected: StreamHeader) -> None:
    assert jpeg_header(stream) == expected


def frame_header(ids: bytes, sampling: bytes = b"\x11\x11\x11") -> bytes:
    components = b"".join(bytes([name, factors, 0]) for name, factors in zip(ids, sampling, strict=True))
    return b"\xff\xc0\x00\x11\x08\x00\x02\x00\x03\x03" + components


JFIF = b"\xff\xe0\x00\x10JFIF\0" + bytes(9)
ADOBE_RGB = b"\xff\xee\x00\x0eAdobe" + bytes(7)
ADOBE_YBR = b"\xff\xee\x00\x0eAdobe" + bytes(6) + b"\1"


@pytest.mark.parametrize(
    ("segments", "expected"),
    [
        pytest.param(frame_header(b"\1\2\3"), "", id="nothing"),
        pytest.param(JFIF + frame_header(b"\1\2\3"), "YBR", id="JFIF"),
        pytest.param(ADOBE_RGB + frame_header(b"\1\2\3"), "RGB", id="Adobe, no transform"),
        pytest.param(ADOBE_YBR + frame_header(b"\1\2\3"), "YBR", id="Adobe, a transform"),
        pytest.param(JFIF + ADOBE_RGB + frame_header(b"\1\2\3"), "RGB", id="Adobe knows better than JFIF"),
        pytest.param(frame_header(b"RGB"), "RGB", id="components by name"),
        pytest.param(frame_header(b"RGB", b"\x21\x11\x11"), "YBR", id="subsampled, whatever it is called"),
        pytest.param(frame_header(b"\1\2\3") + ADOBE_RGB, "RGB", id="Adobe after the frame header"),
        pytest.param(b"\xff\xff" + JFIF + frame_header(b"\1\2\3"), "YBR", id="after fill bytes"),
    ],
)
def test_the_markers_of_jpeg_tell_its_colour(segments: bytes, expected: str) -> None:
    assert jpeg_header(b"\xff\xd8" + segments + b"\xff\xda\x00\x02").colour == expected
