"""The boxes of JP2, JPEG XL and MP4."""

from service.pixels.headers.boxes import boxes


def test_boxes_may_have_long_lengths_or_reach_to_the_end() -> None:
    stream = b"\0\0\0\x0aaaaa12" + b"\0\0\0\1bbbb\0\0\0\0\0\0\0\x13" + b"345" + b"\0\0\0\0cccc" + b"6789"

    assert list(boxes(stream)) == [(b"aaaa", b"12"), (b"bbbb", b"345"), (b"cccc", b"6789")]
