"""What videos say of their pictures."""

import struct

import pytest

from service.errors import UndecodableFrame
from service.pixels.headers.image_pixel import ImagePixel, image_pixel_of_video
from tests.pixels.videos import box, mp4, mpeg_2


def of_bytes(video: bytes) -> ImagePixel:
    return image_pixel_of_video(lambda offset, length: video[offset : offset + length])


def test_a_video_says_its_size_wherever_its_index_lies() -> None:
    image = of_bytes(mp4(rows=240, columns=320, frames=30))

    assert (image.rows, image.columns, image.number_of_frames, image.lossy) == (240, 320, 30, True)
    assert image.photometric_interpretation == "YBR_PARTIAL_420"


@pytest.mark.parametrize(
    "video",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(mp4(0, 320, 30), id="no rows"),
        pytest.param(mp4(240, 320, 30)[:1100], id="no index"),
        pytest.param(box(b"ftyp", b"isom") + b"\0\0\0\4mdat", id="a box shorter than its header"),
        pytest.param(box(b"ftyp", b"isom") + box(b"free") * 2000, id="boxes without end"),
        pytest.param(box(b"ftyp", b"isom") + struct.pack(">L4s", 2**31, b"moov"), id="an endless index"),
        pytest.param(mpeg_2(240, 320)[:46], id="a cut sequence header"),
    ],
)
def test_a_video_that_does_not_say_is_refused(video: bytes) -> None:
    with pytest.raises(UndecodableFrame):
        of_bytes(video)
