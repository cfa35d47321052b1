"""What modality values frames have: gathered frame by frame, exact whatever the number of frames.

A frame has few distinct values, and thousands of frames have hardly more. So what is gathered is each of
them and how often it occurs; everything else follows from that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.errors import NotRenderable
from service.pixels.arrays import Values
from service.pixels.description import ImageDescription

PERCENTILES = (1, 5, 10, 25, 50, 75, 90, 95, 99)
MAX_BINS = 256

_SMALLEST_SPAN, _LARGEST_VALUE = 1e-140, 1e140  # a value beyond, whose square no number holds, is none
_MAX_DISTINCT = 2**21


@dataclass(frozen=True, slots=True, eq=False)
class Statistics:
    """What the modality values of some frames are, without padding and what is no finite number.

    Attributes:
        count: of values.
        excluded: values left out.
        minimum, maximum, mean: of the values.
        standard_deviation: of the values as a population.
        percentiles: of PERCENTILES in their order, between two values on a straight line.
        edges: of the histogram's bins, ascending; each bin holds its lower edge, the last one both.
        counts: of values in each bin.
    """

    count: int
    excluded: int
    minimum: float
    maximum: float
    mean: float
    standard_deviation: float
    percentiles: Sequence[float]
    edges: Sequence[float]
    counts: Sequence[int]

    def as_json(self) -> dict[str, Any]:
        """Return the statistics as a client gets them."""
        return {
            "count": self.count,
            "excluded": self.excluded,
            "minimum": self.minimum,
            "maximum": self.maximum,
            "mean": self.mean,
            "standard_deviation": self.standard_deviation,
            "percentiles": dict(zip(map(str, PERCENTILES), self.percentiles, strict=True)),
            "histogram": {"edges": self.edges, "counts": self.counts},
        }


class Tally:
    """The distinct values of the frames added so far, and how often each occurs.

    Args:
        max_distinct: values that are kept; of more, which only floating point images have, neighbours are
            taken together.
    """

    def __init__(self, max_distinct: int = _MAX_DISTINCT) -> None:
        self._max_distinct = max_distinct
        self._values: list[Values] = []
        self._counts: list[Values] = []
        self._excluded = 0
        self._ends: list[float] = []

    def add(self, stored: Values, description: ImageDescription) -> None:
        """Add a frame.

        Args:
            stored: stored values, any shape.
            description: of this frame.
        """
        distinct, counts = _distinct(stored)
        with np.errstate(all="ignore"):
            modality = description.modality.modality(distinct.astype(np.float64))
            mask = np.abs(modality) <= _LARGEST_VALUE
        if description.padding is not None:
            low, high = description.padding
            mask &= (distinct < low) | (distinct > high)
        values = modality[mask]
        self._excluded += int(counts[~mask].sum())
        if values.size:
            self._ends += [float(values.min()), float(values.max())]
        self._values.append(values)
        self._counts.append(counts[mask])
        if sum(map(len, self._values)) > 2 * self._max_distinct:
            values, counts = _thinned(*self._together(), self._max_distinct)
            self._values, self._counts = [values], [counts]

    def statistics(self) -> Statistics:
        """Return the statistics of all frames added.

        Raises:
            NotRenderable: the frames have nothing but padding and what is no finite number.
        """
        if not self._ends:
            raise NotRenderable("no pixel is left when padding is excluded: there is nothing to count")
        values, counts = self._together()
        low, high = min(self._ends), max(self._ends)
        total = int(counts.sum())
        mean = float(values @ counts / total)
        bins, edges = _histogram(values, counts, low, high)
        return Statistics(
            count=total,
            excluded=self._excluded,
            minimum=low,
            maximum=high,
            mean=mean,
            standard_deviation=float(np.sqrt((values - mean) ** 2 @ counts / total)),
            percentiles=_percentiles(values, counts).tolist(),
            edges=edges.tolist(),
            counts=bins.tolist(),
        )

    def _together(self) -> tuple[Values, Values]:
        """Return the distinct values in ascending order, and their counts."""
        values, places = np.unique(np.concatenate(self._values), return_inverse=True)
        counts = np.zeros(len(values), np.int64)
        np.add.at(counts, places, np.concatenate(self._counts))
        return values, counts


def _distinct(stored: Values) -> tuple[Values, Values]:
    """Return the distinct stored values in ascending order, and how often each occurs."""
    if stored.dtype.kind == "f" or stored.itemsize > 2:
        return np.unique(stored, return_counts=True)
    lowest, unsigned = stored.min(), f"u{stored.itemsize}"
    counts = np.bincount((stored.view(unsigned) - lowest.view(unsigned)).ravel())
    offsets = np.flatnonzero(counts)
    return offsets + int(lowest), counts[offsets]


def _thinned(values: Values, counts: Values, limit: int) -> tuple[Values, Values]:
    """Return no more values than the limit: where there are more, the means of neighbours."""
    if len(values) <= limit:
        return values, counts
    starts = np.linspace(0, len(values), limit // 2, endpoint=False).astype(np.intp)
    totals = np.add.reduceat(counts, starts)
    return np.add.reduceat(values * counts, starts) / totals, totals


def _percentiles(values: Values, counts: Values) -> Values:
    ends = counts.cumsum()
    ranks = np.array(PERCENTILES) / 100 * (ends[-1] - 1)
    below, above = (values[ends.searchsorted(rounded(ranks), "right")] for rounded in (np.floor, np.ceil))
    return np.asarray(below + (above - below) * (ranks % 1))


def _histogram(values: Values, counts: Values, low: float, high: float) -> tuple[Values, Values]:
    """Return counts and edges of the bins; where all values are whole, bins are so many wide."""
    if max(abs(low), abs(high)) < 2**53 and not (values % 1).any():
        width = int(high - low) // MAX_BINS + 1
        edges = low + width * np.arange(int(high - low) // width + 2, dtype=np.float64)
    else:
        span = max(high - low, 1e-9 * max(abs(low), abs(high)), _SMALLEST_SPAN)
        edges = np.linspace(low, low + span, MAX_BINS + 1)
        edges[-1] = max(edges[-1], high)
    return np.histogram(values, edges, weights=counts)
