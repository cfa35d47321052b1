"""Polygons → the pixels whose centers lie within them, or on them.

Within is what a ray crosses an odd number of edges from: so a keyhole leaves its hole out, and contours that
are combined by exclusive disjunction are one set of edges. "Points in space lying along the path defined by
the contour are considered to be part of the ROI", PS3.3 C.8.8.6.3: centers on an edge are inside.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from service.pixels.arrays import Values

ON_EDGE = 0.01  # of a pixel: contours are written with few digits


class Patch(NamedTuple):
    """A part of an image.

    Attributes:
        top: row of its first pixel.
        left: column of its first pixel.
        inside: bool, shape (rows, columns).
    """

    top: int
    left: int
    inside: Values


class _Edges(NamedTuple):
    """Lines from start to end, each shape (edges,)."""

    x0: Values
    y0: Values
    x1: Values
    y1: Values

    def swapped(self) -> "_Edges":
        return _Edges(self.y0, self.x0, self.y1, self.x1)


def within(polygons: Sequence[Values], shape: tuple[int, int], *, with_edges: bool = True) -> Patch:
    """Return the pixels of an image whose centers are in an odd number of polygons, or on an edge.

    Args:
        polygons: columns and rows of corners, shape (corners, 2), counted from centers; the last is
            joined to the first.
        shape: rows and columns of the image; what lies beyond is cut off.
        with_edges: centers on an edge belong to it; else those on left and upper edges alone.
    """
    corners = np.concatenate(polygons)
    left, top = np.clip(np.floor(corners.min(axis=0)).astype(int) - 1, 0, [shape[1], shape[0]]).tolist()
    right, bottom = np.clip(np.ceil(corners.max(axis=0)).astype(int) + 2, 0, [shape[1], shape[0]]).tolist()
    rows, columns = max(0, bottom - top), max(0, right - left)
    if not rows or not columns:
        return Patch(top, left, np.zeros((0, 0), bool))
    edges = _edges([polygon - [left, top] for polygon in polygons])
    inside = _odd(edges, rows, columns)
    if with_edges:
        _mark(edges, inside)
        _mark(edges.swapped(), inside.T)
    return Patch(top, left, inside)


def _edges(polygons: Sequence[Values]) -> _Edges:
    starts = np.concatenate(polygons)
    ends = np.concatenate([np.roll(polygon, -1, axis=0) for polygon in polygons])
    return _Edges(starts[:, 0], starts[:, 1], ends[:, 0], ends[:, 1])


def _odd(edges: _Edges, rows: int, columns: int) -> Values:
    low, high = np.minimum(edges.y0, edges.y1), np.maximum(edges.y0, edges.y1)
    first, end = _bounded(np.ceil([low, high]).astype(int), rows)
    edge, row = _each(first, end)
    slope = (edges.x1 - edges.x0)[edge] / (edges.y1 - edges.y0)[edge]
    crossing = edges.x0[edge] + (row - edges.y0[edge]) * slope
    column = _bounded(np.ceil(crossing).astype(int), columns)
    crossings = np.bincount(row * (columns + 1) + column, minlength=rows * (columns + 1))
    odd = np.cumsum(crossings.reshape(rows, columns + 1), axis=1)[:, :columns] & 1
    return np.asarray(odd.astype(bool))


def _mark(edges: _Edges, inside: Values) -> None:
    """Set the pixels of rows whose centers an edge goes through."""
    rows, columns = inside.shape
    low, high = np.minimum(edges.y0, edges.y1), np.maximum(edges.y0, edges.y1)
    first = _bounded(np.ceil(low - ON_EDGE).astype(int), rows)
    end = _bounded(np.floor(high + ON_EDGE).astype(int) + 1, rows)
    edge, row = _each(first, end)
    height = (edges.y1 - edges.y0)[edge]
    part = np.divide(row - edges.y0[edge], height, out=np.zeros(len(edge)), where=height != 0)
    crossing = edges.x0[edge] + _bounded(part, 1) * (edges.x1 - edges.x0)[edge]
    column = np.rint(crossing).astype(int)
    is_on = (np.abs(crossing - column) <= ON_EDGE) & (column >= 0) & (column < columns)
    inside[row[is_on], column[is_on]] = True


def _bounded(values: Values, highest: int) -> Values:
    """Return values between 0 and another one; `np.clip` takes longer for few of them."""
    return np.asarray(np.minimum(np.maximum(values, 0), highest))


def _each(first: Values, end: Values) -> tuple[Values, Values]:
    """Return the whole numbers from first to before end of each edge, and of which edge each is."""
    counts = np.maximum(end - first, 0)
    edge = np.repeat(np.arange(len(counts)), counts)
    before = np.cumsum(counts) - counts
    return edge, np.arange(len(edge)) - before[edge] + first[edge]


def partly_shared(polygons: Sequence[Values], shape: tuple[int, int]) -> bool:
    """Tell whether two polygons share a part of each, or are the same: whether that is a hole nobody knows.

    One that lies within another is a hole: it would mean nothing else.
    """
    patches = [within([polygon], shape, with_edges=False) for polygon in polygons]
    for index, patch in enumerate(patches):
        for other_index in range(index):
            shared = _shared(patch, patches[other_index])
            counts = int(patch.inside.sum()), int(patches[other_index].inside.sum())
            if shared and shared < min(counts):
                return True
            if shared and _is_same(polygons[index], polygons[other_index]):
                return True
    return False


def _shared(patch: Patch, other: Patch) -> int:
    top, left = max(patch.top, other.top), max(patch.left, other.left)
    bottom = min(patch.top + patch.inside.shape[0], other.top + other.inside.shape[0])
    right = min(patch.left + patch.inside.shape[1], other.left + other.inside.shape[1])
    if top >= bottom or left >= right:
        return 0
    first, second = (
        each.inside[top - each.top : bottom - each.top, left - each.left : right - each.left]
        for each in (patch, other)
    )
    return int((first & second).sum())


def _is_same(polygon: Values, other: Values) -> bool:
    """Tell whether two polygons have the same corners, from whichever they begin."""
    corners, others = (set(map(tuple, each.round(3).tolist())) for each in (polygon, other))
    return corners == others
