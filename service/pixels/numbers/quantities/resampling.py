"""Images in another size: by the area that pixels share, or by straight lines between their centers.

Both are weights of rows and weights of columns. Pixels are areas: the first and last of them keep their outer
edges, so that an image in half its size lies where it lay.
"""

from functools import lru_cache

import numpy as np

from service.pixels.arrays import Values

AREA, LINEAR = "area", "linear"


def resampled(values: Values, rows: int, columns: int, interpolation: str) -> Values:
    """Return an image in another size.

    Args:
        values: shape (rows, columns) or (rows, columns, samples).
        rows: of the result, at least 1.
        columns: of the result, at least 1.
        interpolation: AREA or LINEAR.

    Returns:
        float64, shape (rows, columns) or (rows, columns, samples).
    """
    of_rows = _weights(values.shape[0], rows, interpolation)
    of_columns = _weights(values.shape[1], columns, interpolation)
    planes = np.moveaxis(values.astype(np.float64), -1, 0) if values.ndim > 2 else values.astype(np.float64)
    made = of_rows @ planes @ of_columns.T
    return np.ascontiguousarray(np.moveaxis(made, 0, -1) if values.ndim > 2 else made)


@lru_cache(maxsize=4)
def _weights(before: int, after: int, interpolation: str) -> Values:
    """Return how much each pixel of a line counts in each of another: shape (after, before), sums of 1."""
    if interpolation == AREA:
        edges = np.linspace(0, before, after + 1)
        lows = np.maximum(edges[:-1, np.newaxis], np.arange(before))
        highs = np.minimum(edges[1:, np.newaxis], np.arange(1, before + 1))
        shared = np.clip(highs - lows, 0, None)
        return np.asarray(shared / shared.sum(axis=1, keepdims=True))
    centers = np.clip((np.arange(after) + 0.5) * before / after - 0.5, 0, before - 1)
    return np.asarray(np.clip(1 - np.abs(centers[:, np.newaxis] - np.arange(before)), 0, None))
