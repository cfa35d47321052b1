"""Slices of small volumes, without pixels."""

from typing import Any

from service.pixels.numbers.geometry.plane import Plane
from service.pixels.numbers.geometry.slices import Slice

AXIAL = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def slice_at(number: int, *position: float, **attributes: Any) -> Slice:
    """Return a slice of 4 × 3 pixels, axial unless stated otherwise."""
    usual: dict[str, Any] = {
        "rows": 4,
        "columns": 3,
        "photometric_interpretation": "MONOCHROME2",
        "orientation": AXIAL,
        "spacing": (0.5, 0.8),
        "distance": 5.0,
        "frame_of_reference": "1.2.3",
    }
    return Slice(f"1.{number}", number, 1, Plane(position=position, **(usual | attributes)))


def stack(count: int = 5, step: float = 2.5) -> list[Slice]:
    """Return axial slices from the feet to the head, numbered from 1."""
    return [slice_at(index + 1, -10.0, -20.0, step * index) for index in range(count)]
