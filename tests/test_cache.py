"""The answers that are kept: bounded, and the one asked for last stays longest."""

from service.cache import Kept

MEGABYTE = 2**20


def test_a_kept_picture_is_returned() -> None:
    kept: Kept[str] = Kept(64 * MEGABYTE)

    kept.keep("a", "picture", 7)

    assert kept.get("a") == "picture"
    assert kept.get("b") is None


def test_the_picture_not_asked_for_the_longest_goes_when_there_is_no_room() -> None:
    kept: Kept[str] = Kept(64 * MEGABYTE)
    for number in range(64):
        kept.keep(number, "picture", MEGABYTE)
    kept.get(0)

    kept.keep("new", "picture", MEGABYTE)

    assert kept.get(0) is not None
    assert kept.get(1) is None


def test_a_picture_larger_than_all_the_room_is_not_kept_and_drives_out_no_other() -> None:
    kept: Kept[str] = Kept(64 * MEGABYTE)
    kept.keep("small", "picture", MEGABYTE)

    kept.keep("large", "picture", 65 * MEGABYTE)

    assert kept.get("large") is None
    assert kept.get("small") == "picture"


def test_keeping_a_picture_again_takes_no_more_room() -> None:
    kept: Kept[str] = Kept(64 * MEGABYTE)

    for _ in range(100):
        kept.keep("same", "picture", MEGABYTE)
    kept.keep("other", "picture", MEGABYTE)

    assert kept.get("same") is not None
