"""Whether points are a lattice: first + k · step, the step fitted to all of them.

Comparing each step with the usual one is not enough: steps that are off by a little add up to a slice that is
far off, and rounding makes short steps differ by much while every slice is where it should be.
"""

import math
from decimal import Decimal

import numpy as np

from service.pixels.arrays import Values

_STEP_TOLERANCE, _ROUNDING_TOLERANCE = 0.05, 0.1  # of a step


def outliers(positions: Values, tolerance: float | None = None) -> list[tuple[int, Values]]:
    """Return which points keep others from being a lattice, and where they were expected.

    Those after a step that is not the commonest one are named; if there are none, for each step is off by a
    little, those that lie beside the lattice.

    Args:
        positions: shape (number of points, 3), in mm, in their order; no two in the same place.
        tolerance: mm that each may lie beside the lattice; None for part of a step, and rounding.

    Returns:
        Indices into the positions, each with a position, shape (3,); none if all lie on one lattice.
    """
    if len(positions) < 3:
        return []
    lattice = _fitted(positions)
    step = float(np.linalg.norm(lattice[1] - lattice[0]))
    allowed = _tolerance(positions, step) if tolerance is None else tolerance
    outside = np.linalg.norm(positions - lattice, axis=1) > allowed
    if not outside.any():
        return []
    steps = np.diff(positions, axis=0)
    common = _commonest(steps)
    length = float(np.linalg.norm(common))
    allowed = _tolerance(positions, length) if tolerance is None else tolerance
    odd = np.linalg.norm(steps - common, axis=1) > allowed
    digits = max(3, 3 - math.floor(math.log10(length)))
    if odd.any():
        return [(index + 1, (positions[index] + common).round(digits)) for index in _indices(odd)]
    return [(index, lattice[index].round(digits)) for index in _indices(outside)]


def _indices(mask: Values) -> list[int]:
    indices: list[int] = np.flatnonzero(mask).tolist()
    return indices


def _fitted(positions: Values) -> Values:
    """Return the places of the lattice that is nearest to these positions, by least squares."""
    count = np.arange(len(positions)) - (len(positions) - 1) / 2
    mean = positions.mean(axis=0)
    step = count @ (positions - mean) / (count @ count)
    return np.asarray(mean + count[:, np.newaxis] * step)


def _tolerance(positions: Values, step: float) -> float:
    """Return how far from the lattice a point may lie: part of a step, and what rounding of its DS adds.

    Together they are less than what a missing point among three moves the others by.
    """
    digits = max(_decimals(component) for component in positions.ravel().tolist())
    rounding = math.sqrt(3) / 2 * 10.0**-digits
    return _STEP_TOLERANCE * step + min(rounding, _ROUNDING_TOLERANCE * step)


def _decimals(number: float) -> int:
    """Return how many digits a number was written with after its point."""
    exponent = Decimal(repr(number)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _commonest(steps: Values) -> Values:
    """Return the step that most are like, the shortest of them if there are several."""
    lengths = np.linalg.norm(steps, axis=1)
    ordered = np.sort(lengths)
    alike = ordered.searchsorted(ordered * (1 + _STEP_TOLERANCE), "right") - ordered.searchsorted(
        ordered * (1 - _STEP_TOLERANCE)
    )
    usual = ordered[alike.argmax()]
    return np.asarray(np.median(steps[np.abs(lengths - usual) <= _STEP_TOLERANCE * usual], axis=0))
