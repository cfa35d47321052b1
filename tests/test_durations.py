"""Durations as people write them."""

import pytest

from service.durations import seconds_of


@pytest.mark.parametrize(
    ("duration", "seconds"),
    [("1s", 1), ("90m", 5400), ("12h", 43_200), ("90d", 7_776_000), ("2w", 1_209_600), (" 1d ", 86_400)],
)
def test_a_duration_is_a_number_and_its_unit(duration: str, seconds: int) -> None:
    assert seconds_of(duration) == seconds


@pytest.mark.parametrize("text", ["", "90", "d", "-1d", "0d", "1.5h", "1 d", "9999999999d", "٣d"])
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="90d"):
        seconds_of(text)
