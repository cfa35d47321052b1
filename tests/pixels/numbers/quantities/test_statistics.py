import numpy as np
import pytest

from service.errors import NotRenderable
from service.pixels.arrays import Values
from service.pixels.description import ImageDescription
from service.pixels.numbers.quantities.statistics import MAX_BINS, PERCENTILES, Statistics, Tally
from tests.pixels.images import described

FLOATING = described(allocated=32, stored=None, signed=None)


def _of(description: ImageDescription, *frames: Values) -> Statistics:
    tally = Tally()
    for frame in frames:
        tally.add(frame, description)
    return tally.statistics()


def _assert_like_numpy(statistics: Statistics, values: Values) -> None:
    assert (statistics.count, statistics.minimum, statistics.maximum) == (
        values.size,
        values.min(),
        values.max(),
    )
    assert statistics.mean == pytest.approx(values.mean())
    assert statistics.standard_deviation == pytest.approx(values.std())
    np.testing.assert_allclose(statistics.percentiles, np.percentile(values, PERCENTILES))
    np.testing.assert_array_equal(statistics.counts, np.histogram(values, statistics.edges)[0])
    assert sum(statistics.counts) == values.size
    assert len(statistics.counts) <= MAX_BINS


@pytest.mark.parametrize("kind", ["u1", "i1", "u2", "i2", "u4", "i4"])
def test_statistics_of_stored_values_of_every_size_are_those_of_numpy(kind: str) -> None:
    limits = np.iinfo(kind)
    frames = np.random.default_rng(1).integers(limits.min, limits.max, (3, 20, 30), kind, endpoint=True)
    description = described(allocated=limits.bits, signed=int(limits.min < 0), slope=2, intercept=-100)

    statistics = _of(description, *frames)

    _assert_like_numpy(statistics, frames * 2.0 - 100)


def test_statistics_of_floating_values_are_those_of_numpy() -> None:
    values = np.random.default_rng(1).normal(size=(2, 30, 40)).astype(np.float32)

    _assert_like_numpy(_of(FLOATING, *values), values.astype(np.float64))


def test_frames_of_different_slopes_count_with_their_own() -> None:
    tally, frame = Tally(), np.array([[0, 1, 2]], np.uint16)
    tally.add(frame, described(slope=1))
    tally.add(frame, described(slope=0.25))

    _assert_like_numpy(tally.statistics(), np.array([0, 1, 2, 0, 0.25, 0.5]))


def test_padding_is_left_out_and_counted() -> None:
    frame = np.array([[-2000, -2000, 5, 9]], np.int16)

    statistics = _of(described(signed=1, padding=-2000), frame)

    assert (statistics.count, statistics.excluded, statistics.minimum, statistics.maximum) == (2, 2, 5, 9)


def test_what_is_no_number_is_left_out_and_counted() -> None:
    frame = np.array([[np.nan, np.inf, 1.5, 2.5]], np.float32)

    statistics = _of(FLOATING, frame)

    assert (statistics.count, statistics.excluded, statistics.mean) == (2, 2, 2)


@pytest.mark.parametrize(
    "values",
    [
        pytest.param([7.0, 7.0], id="one value"),
        pytest.param([0.1, 0.1], id="one value that is not whole"),
        pytest.param([5e-324, 1e-323], id="next to nothing"),
        pytest.param([1e20, 1e20 * (1 + 2e-16)], id="two neighbours"),
        pytest.param([-1e139, 1e139], id="as far apart as can be"),
    ],
)
def test_every_value_falls_into_a_bin_however_small_or_large(values: list[float]) -> None:
    statistics = _of(described(allocated=64, stored=None, signed=None), np.array([values]))

    assert sum(statistics.counts) == 2
    assert statistics.edges == sorted(set(statistics.edges))


def test_bins_of_whole_values_are_whole_numbers_wide() -> None:
    statistics = _of(described(), np.array([[0, 1000]], np.uint16))

    assert {upper - lower for lower, upper in zip(statistics.edges, statistics.edges[1:], strict=False)} == {
        4
    }


def test_many_distinct_values_are_joined_without_losing_the_count() -> None:
    frames = np.random.default_rng(1).normal(size=(9, 100, 100)).astype(np.float32)
    tally = Tally(max_distinct=20_000)
    for frame in frames:
        tally.add(frame, FLOATING)

    statistics = tally.statistics()

    assert statistics.count == frames.size
    assert (statistics.minimum, statistics.maximum) == (frames.min(), frames.max())
    np.testing.assert_allclose(statistics.percentiles, np.percentile(frames, PERCENTILES), atol=1e-2)


def test_frames_of_padding_alone_have_no_statistics() -> None:
    with pytest.raises(NotRenderable, match="padding"):
        _of(described(signed=1, padding=-1), np.full((2, 2), -1, np.int16))
