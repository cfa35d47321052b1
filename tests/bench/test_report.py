import pytest

from tests.bench.contest import Line
from tests.bench.report import markdown, number, table
from tests.bench.slices import Figures, middle, percentile


def figures(rate: float, cpu: float | None = None, *, errors: float = 0, peak: float = 0) -> Figures:
    """Return figures of which these matter."""
    return Figures(100, rate, 1, 1, 2, 3, cpu, peak, errors, 0.1)


@pytest.mark.parametrize(
    ("values", "percent", "expected"),
    [
        pytest.param([7.0], 99, 7, id="one value is every percentile"),
        pytest.param([1.0, 2.0, 3.0, 4.0], 50, 2, id="half of the values"),
        pytest.param(list(map(float, range(1, 101))), 99, 99, id="all but one in a hundred"),
        pytest.param([], 50, 0, id="no values"),
    ],
)
def test_a_percentile_is_a_value_that_so_many_do_not_exceed(
    values: list[float], percent: float, expected: float
) -> None:
    assert percentile(values, percent) == expected


def test_rounds_are_told_by_their_median_but_errors_and_memory_by_their_most() -> None:
    median = middle([figures(10, 1.0, peak=5), figures(30, 3.0, errors=2), figures(20, 8.0, peak=9)])

    assert (median.rate, median.cpu, median.errors, median.peak) == (20, 3.0, 2, 9)


def test_a_ratio_is_taken_within_each_round() -> None:
    line = Line("frame", 8, {"ours": [figures(50), figures(10)], "nginx": [figures(100), figures(20)]})

    assert line.ratio("ours", "nginx", "rate") == 0.5
    assert line.ratio("ours", "peer", "rate") is None
    assert line.ratio("ours", "nginx", "cpu") is None


def test_the_table_shows_the_servers_that_took_part() -> None:
    alone = Line("search", 1, {"ours": [figures(10)]})
    compared = Line("frame", 8, {"ours": [figures(10, 2.0)], "peer": [figures(5, 8.0)]})

    without, beside = table([alone]), table([alone, compared])

    assert "peer" not in without
    head, _, first, second = beside.splitlines()
    assert head.split("|")[-3:-1] == [" × peer ", " peer's CPU × "]
    assert first.split("|")[-3].strip() == "–"
    assert [cell.strip() for cell in second.split("|")[-3:-1]] == ["2.00", "4.00"]


def test_the_table_does_not_hide_errors() -> None:
    assert "frame (3 errors)" in table([Line("frame", 1, {"ours": [figures(10, errors=3)]})])


def test_a_table_is_markdown_with_columns_of_one_width() -> None:
    lines = markdown(["what", "ms"], [["a", "1"], [], ["longer", "100"]]).splitlines()

    assert lines == ["| what   |  ms |", "| ------ | --: |", "| a      |   1 |", "| longer | 100 |"]


@pytest.mark.parametrize(
    ("value", "expected"), [(None, "–"), (0.123, "0.12"), (12.34, "12.3"), (1234.5, "1,234")]
)
def test_figures_have_the_digits_that_mean_something(value: float | None, expected: str) -> None:
    assert number(value) == expected
