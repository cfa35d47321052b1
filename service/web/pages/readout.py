"""What a page tells of a frame beside its picture: where it lies, how large it is, what its values mean."""

from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from service.archive.instance import Located
from service.dicom_json import DicomJson
from service.imaging.display.kinds import frame_seconds
from service.pixels.numbers.geometry.directions import Edges, edges_of
from service.pixels.numbers.geometry.places import Objection, place_of
from service.pixels.numbers.geometry.plane import FARTHEST, Plane
from service.pixels.numbers.quantities.scale import Scale, scale_of
from service.pixels.numbers.quantities.unit import unit_of

_FASTEST, _SLOWEST = 60.0, 1.0  # frames a second


@dataclass(frozen=True, slots=True)
class Readout:
    """What is told of a frame.

    Attributes:
        unit: of its values; "" where nobody knows.
        edges: to which sides of the patient it lies.
        scale: how far apart its pixels are.
        plane: where it lies in the patient; None where its file does not say.
    """

    unit: str
    edges: Edges | None
    scale: Scale | None
    plane: Plane | None

    def json(self) -> str:
        """Return it for scripts: the place of the first pixel's center, and the steps of columns and rows."""
        scale = self.scale and {
            "vertical": self.scale.vertical,
            "horizontal": self.scale.horizontal,
            "meaning": self.scale.meaning,
        }
        place = self.plane and {
            "origin": self.plane.position,
            "column": _scaled(self.plane.orientation[:3], self.plane.spacing[1]),
            "row": _scaled(self.plane.orientation[3:], self.plane.spacing[0]),
        }
        return orjson.dumps({"unit": self.unit, "scale": scale, "place": place}).decode()


def readout_of(located: Located, attributes: DicomJson, frame_number: int) -> Readout:
    """Return what is told of a frame.

    Args:
        located: its instance, which has pixels.
        attributes: all of the instance.
        frame_number: counted from 1.
    """
    assert located.frames is not None
    unit = unit_of(attributes, frame_number)
    plane = place_of(attributes, located.frames.number_of_frames, frame_number)
    if isinstance(plane, Objection):  # as to a mosaic of slices
        return Readout(unit, None, None, None)
    return Readout(
        unit=unit,
        edges=edges_of(attributes, plane),
        scale=scale_of(attributes, frame_number),
        plane=plane if _is_known(plane) else None,
    )


def frames_a_second(attributes: DicomJson) -> float:
    """Return how fast the frames of an instance, or the instances of its series, are to be played."""
    return round(min(_FASTEST, max(_SLOWEST, 1 / frame_seconds(attributes))), 1)


def _is_known(plane: Plane) -> bool:
    vectors = plane.position, plane.orientation, plane.spacing
    is_whole = tuple(map(len, vectors)) == (3, 6, 2)
    return is_whole and all(abs(component) < FARTHEST for vector in vectors for component in vector)


def _scaled(direction: Sequence[float], step: float) -> list[float]:
    return [component * step for component in direction]
