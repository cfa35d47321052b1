"""The answers that are kept: bounded, and the one asked for last stays longest."""

from service.cache import Cache

MEGABYTE = 2**20


def test_a_kept_picture_is_returned() -> None:
    cache: Cache[str] = Cache(64 * MEGABYTE)

    cache.keep("a", "picture", 7)

    assert cache.get("a") == "picture"
    assert cache.get("b") is None


def test_the_picture_not_asked_for_the_longest_goes_when_there_is_no_room() -> None:
    cache: Cache[str] = Cache(64 * MEGABYTE)
    for number in range(64):
        cache.keep(number, "picture", MEGABYTE)
    cache.get(0)

    cache.keep("new", "picture", MEGABYTE)

    assert cache.get(0) is not None
    assert cache.get(1) is None


def test_a_picture_larger_than_all_the_room_is_not_kept_and_drives_out_no_other() -> None:
    cache: Cache[str] = Cache(64 * MEGABYTE)
    cache.keep("small", "picture", MEGABYTE)

    cache.keep("large", "picture", 65 * MEGABYTE)

    assert cache.get("large") is None
    assert cache.get("small") == "picture"


def test_keeping_a_picture_again_takes_no_more_room() -> None:
    cache: Cache[str] = Cache(64 * MEGABYTE)

    for _ in range(100):
        cache.keep("same", "picture", MEGABYTE)
    cache.keep("other", "picture", MEGABYTE)

    assert cache.get("same") is not None
