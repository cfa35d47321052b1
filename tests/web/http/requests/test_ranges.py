import pytest

from service.errors import RangeNotSatisfiable
from service.web.http.requests.ranges import requested_range

ETAG = '"tag"'


@pytest.mark.parametrize(
    ("header", "offset", "length"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=10-", 10, 90),
        ("bytes=99-", 99, 1),
        ("bytes=90-1000", 90, 10),
        ("bytes=-10", 90, 10),
        ("bytes=-1000", 0, 100),
        ("bytes=0-" + "9" * 90, 0, 100),
        ("Bytes = 1 - 2 ", 1, 2),
    ],
)
def test_one_range_is_read(header: str, offset: int, length: int) -> None:
    byte_range = requested_range(header, None, ETAG, 100)

    assert byte_range is not None
    assert (byte_range.offset, byte_range.length) == (offset, length)
    assert byte_range.content_range == f"bytes {offset}-{offset + length - 1}/100"


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=5-4",
        "bytes=0-1,3-4",
        "frames=0-1",
        "bytes=٣-٤",
        "bytes=" + "9" * 5000 + "-",
    ],
)
def test_anything_else_asks_for_the_whole(header: str | None) -> None:
    assert requested_range(header, None, ETAG, 100) is None


@pytest.mark.parametrize(
    ("header", "size"),
    [("bytes=100-", 100), ("bytes=100-200", 100), ("bytes=-0", 100), ("bytes=0-", 0), ("bytes=-1", 0)],
)
def test_a_range_behind_the_end_cannot_be_satisfied(header: str, size: int) -> None:
    with pytest.raises(RangeNotSatisfiable) as refused:
        requested_range(header, None, ETAG, size)

    assert refused.value.size == size


def test_if_range_gives_the_range_of_the_current_representation_only() -> None:
    assert requested_range("bytes=0-1", ETAG, ETAG, 100) is not None
    for other in ('"other"', f"W/{ETAG}", "Wed, 21 Oct 2015 07:28:00 GMT"):
        assert requested_range("bytes=0-1", other, ETAG, 100) is None
