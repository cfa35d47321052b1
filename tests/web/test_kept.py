"""The pictures that are kept: bounded, and the one asked for last stays longest."""

from service.web.kept import KeptPictures

MEGABYTE = bytes(2**20)


def test_a_kept_picture_is_returned() -> None:
    kept = KeptPictures()

    kept.keep("a", b"picture")

    assert kept.get("a") == b"picture"
    assert kept.get("b") is None


def test_the_picture_not_asked_for_the_longest_goes_when_there_is_no_room() -> None:
    kept = KeptPictures()
    for number in range(64):
        kept.keep(number, MEGABYTE)
    kept.get(0)

    kept.keep("new", MEGABYTE)

    assert kept.get(0) is not None
    assert kept.get(1) is None


def test_a_picture_larger_than_all_the_room_is_not_kept() -> None:
    kept = KeptPictures()

    kept.keep("large", 65 * MEGABYTE)

    assert kept.get("large") is None


def test_keeping_a_picture_again_takes_no_more_room() -> None:
    kept = KeptPictures()

    for _ in range(100):
        kept.keep("same", MEGABYTE)
    kept.keep("other", MEGABYTE)

    assert kept.get("same") is not None
