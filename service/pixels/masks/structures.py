"""What an RT Structure Set says of its regions, and their contours. Read from the metadata of its instance.

Standard: PS3.3 C.8.8.5, C.8.8.6, C.8.8.8.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from service.dicom_json import Attributes, first_value, integer, items, numbers, text
from service.errors import IrregularVolume
from service.pixels.arrays import Values
from service.pixels.masks.colours import rgb_of
from service.pixels.numbers.geometry.plane import FARTHEST

STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
CLOSED, EXCLUSIVE, POINT = "CLOSED_PLANAR", "CLOSEDPLANAR_XOR", "POINT"

_REGIONS, _CONTOURS_OF_REGIONS, _OBSERVATIONS = "30060020", "30060039", "30060080"
_NUMBER, _REFERENCED_NUMBER = "30060022", "30060084"
_CONTOURS, _GEOMETRIC_TYPE, _DATA, _OFFSET = "30060040", "30060042", "30060050", "30060045"
_NUMBER_OF_POINTS = "30060046"


@dataclass(frozen=True, slots=True)
class Region:
    """One region of interest.

    Attributes:
        number: the value of its voxels.
        name: what people call it.
        frame_of_reference: UID of the space that its contours are in.
        algorithm: AUTOMATIC, SEMIAUTOMATIC or MANUAL.
        interpreted: what it is in radiotherapy: GTV, ORGAN, EXTERNAL and the like.
    """

    number: int
    name: str
    frame_of_reference: str
    algorithm: str
    interpreted: str

    def as_json(self) -> dict[str, Any]:
        """Return the region as a client is told it, in the words of a segment."""
        return {
            "number": self.number,
            "label": self.name,
            "category": None,
            "type": None,
            "modifiers": [],
            "algorithm": self.algorithm or None,
            "interpreted": self.interpreted or None,
        }


@dataclass(frozen=True, slots=True, eq=False)
class Contour:
    """One contour.

    Attributes:
        geometric_type: POINT, OPEN_PLANAR, CLOSED_PLANAR and the like.
        points: in mm in the patient's LPS coordinates, shape (points, 3).
    """

    geometric_type: str
    points: Values


def regions_of(metadata: Attributes) -> list[Region]:
    """Return the regions, ascending.

    Raises:
        IrregularVolume: there are none, or their numbers are missing or not unique.
    """
    observed = {
        integer(item, _REFERENCED_NUMBER): text(item, "300600A4") for item in items(metadata, _OBSERVATIONS)
    }
    regions = []
    for item in items(metadata, _REGIONS):
        number = integer(item, _NUMBER)
        if number is None or abs(number) >= 2**31:
            raise IrregularVolume("a region without ROI Number: expected one in each")
        regions.append(
            Region(
                number=number,
                name=text(item, "30060026"),
                frame_of_reference=text(item, "30060024"),
                algorithm=text(item, "30060036"),
                interpreted=observed.get(number, ""),
            )
        )
    if not regions or len({region.number for region in regions}) < len(regions):
        raise IrregularVolume(
            f"{len(regions)} items in Structure Set ROI Sequence: "
            "expected some, with a ROI Number of its own for each"
        )
    return sorted(regions, key=lambda region: region.number)


def _triplet(item: Attributes, tag: str) -> tuple[int, ...]:
    values = [int(value) for value in numbers(item, tag) if value is not None]
    return tuple(values) if len(values) == 3 else ()


@dataclass(frozen=True, slots=True)
class Colour:
    """The colour of a region.

    Attributes:
        cielab: recommended, as it stands in the file.
        rgb: that it is shown in.
    """

    cielab: tuple[int, ...] = ()
    rgb: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return the colour as a client is told it."""
        return {"cielab": list(self.cielab) or None, "rgb": list(self.rgb) or None}


def contours_of(metadata: Attributes) -> Iterator[tuple[int | None, Colour, list[Contour]]]:
    """Yield ROI Numbers with colours and contours, a region at a time.

    Raises:
        IrregularVolume: a contour cannot be read.
    """
    for item in items(metadata, _CONTOURS_OF_REGIONS):
        number = integer(item, _REFERENCED_NUMBER)
        cielab, rgb = _triplet(item, "0062000D"), _triplet(item, "3006002A")
        colour = Colour(cielab, rgb or (rgb_of(cielab) if cielab else ()))
        yield number, colour, [_contour(contour, number) for contour in items(item, _CONTOURS)]


def _contour(item: Attributes, number: int | None) -> Contour:
    element = item.get(_DATA)
    values = element.get("Value") if isinstance(element, dict) else None
    try:
        points = np.array(values or [], np.float64)
    except (TypeError, ValueError):
        points = np.full(1, np.nan)
    if points.ndim != 1 or not points.size or points.size % 3 or not (np.abs(points) <= FARTHEST).all():
        raise IrregularVolume(
            f"Contour Data of ROI {number} cannot be read: expected triplets of numbers up to {FARTHEST:g}"
        )
    stated = integer(item, _NUMBER_OF_POINTS)
    if stated is not None and 3 * stated != points.size:
        raise IrregularVolume(
            f"Number of Contour Points {stated} in ROI {number}: expected {points.size // 3}, as there are"
        )
    if any(numbers(item, _OFFSET)):
        raise IrregularVolume(f"a Contour Offset Vector in ROI {number}: expected none, or 0")
    geometric_type = first_value(item, _GEOMETRIC_TYPE)
    name = geometric_type.strip().upper() if isinstance(geometric_type, str) else ""
    return Contour(name, points.reshape(-1, 3))


def structures_referenced(metadata: Attributes) -> Iterator[tuple[str, str, frozenset[str]]]:
    """Yield Frame of Reference UID, series and SOP Instance UIDs of what a structure set is of."""
    for frame in items(metadata, "30060010"):
        for study in items(frame, "30060012"):
            for series in items(study, "30060014"):
                if uid := text(series, "0020000E"):
                    images = items(series, "30060016")
                    yield text(frame, "00200052"), uid, frozenset(text(image, "00081155") for image in images)


def images_of_contours(metadata: Attributes) -> frozenset[str]:
    """Return the SOP Instance UIDs of the images that contours say they were drawn on."""
    return frozenset(
        text(image, "00081155")
        for region in items(metadata, _CONTOURS_OF_REGIONS)
        for contour in items(region, _CONTOURS)
        for image in items(contour, "30060016")
    )
