from collections.abc import Callable

import imagecodecs
import numpy as np
import pytest

from service.errors import UndecodableFrame
from service.pixels.headers.check import StreamHeader, boxes, check
from service.pixels.headers.jpeg import jpeg_header
from service.pixels.headers.jpeg2000 import jpeg2000_header
from service.pixels.headers.jpeg_xl import jpeg_xl_header
from tests.pixels.images import described


def gray(rows: int, columns: int, kind: str = "u2") -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return (np.arange(rows * columns) % 200).reshape(rows, columns).astype(kind)


def colour(rows: int, columns: int) -> np.ndarray[tuple[int, ...], np.dtype[np.generic]]:
    return np.stack([gray(rows, columns, "u1")] * 3, axis=-1)


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
    components = b"".join(bytes([one, how, 0]) for one, how in zip(ids, sampling, strict=True))
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


@pytest.mark.parametrize("codec_format", ["j2k", "jp2"])
@pytest.mark.parametrize(("kind", "signed"), [("u2", False), ("i2", True)])
def test_a_jpeg_2000_header_says_what_follows(codec_format: str, kind: str, *, signed: bool) -> None:
    stream = imagecodecs.jpeg2k_encode(gray(20, 30, kind), codecformat=codec_format)

    assert jpeg2000_header(stream) == StreamHeader(20, 30, 1, 16, signed=signed)


@pytest.mark.parametrize("transformed", [True, False])
def test_a_jpeg_2000_header_tells_whether_colour_was_transformed(*, transformed: bool) -> None:
    stream = imagecodecs.jpeg2k_encode(colour(20, 30), codecformat="j2k", mct=transformed)

    assert jpeg2000_header(stream).colour == ("YBR" if transformed else "")


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


@pytest.mark.parametrize("read", [jpeg_header, jpeg2000_header, jpeg_xl_header])
@pytest.mark.parametrize(
    "stream",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"GIF89a", id="another format"),
        pytest.param(b"\xff\xd8\xff\xc0\x00\x04\x08\x00", id="a cut frame header"),
        pytest.param(b"\xff\xd8\xff\xc0\x00\x02\xff\xda", id="an empty frame header"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x00\xff\xe0\x00\x00", id="segments of no length"),
        pytest.param(b"\xff\x4f\xff\x51\x00\x29", id="a cut JPEG 2000 header"),
        pytest.param(b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(40), id="boxes of no length"),
        pytest.param(b"\x00\x00\x00\x0cJXL \r\n\x87\n\x00\x00\x00\x01jxlc", id="a cut box"),
    ],
)
def test_what_announces_nothing_is_refused(read: Callable[[bytes], StreamHeader], stream: bytes) -> None:
    with pytest.raises(UndecodableFrame, match=r"expected|no frame header|ends within"):
        read(stream)


def test_boxes_may_have_long_lengths_or_reach_to_the_end() -> None:
    stream = b"\0\0\0\x0aaaaa12" + b"\0\0\0\1bbbb\0\0\0\0\0\0\0\x13" + b"345" + b"\0\0\0\0cccc" + b"6789"

    assert list(boxes(stream)) == [(b"aaaa", b"12"), (b"bbbb", b"345"), (b"cccc", b"6789")]


def test_a_stream_may_leave_to_the_decoder_what_it_does_not_announce() -> None:
    check(StreamHeader(2, 2), described(allocated=8))
