"""What all readers of stream headers have in common."""

from collections.abc import Callable

import pytest

from service.errors import UndecodableFrame
from service.pixels.headers.jpeg import jpeg_header
from service.pixels.headers.jpeg2000 import jpeg2000_header
from service.pixels.headers.jpeg_xl import jpeg_xl_header
from service.pixels.headers.stream_header import StreamHeader


@pytest.mark.parametrize("reader", [jpeg_header, jpeg2000_header, jpeg_xl_header])
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
def test_what_announces_nothing_is_refused(reader: Callable[[bytes], StreamHeader], stream: bytes) -> None:
    with pytest.raises(UndecodableFrame, match=r"expected|no frame header|ends within"):
        reader(stream)
