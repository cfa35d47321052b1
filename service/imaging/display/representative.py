"""Which picture stands for a study or a series: the middle one; of a slide, the one made for it.

The picture of a list must not show whose it is: what says that it shows a label or burned-in text never
stands for others. Standard: PS3.18 10.4.3.3.4; PS3.3 C.7.6.1, C.8.12.4.
"""

from collections.abc import Sequence

from service.archive.index.lookups.lookup import Pictured
from service.archive.instance import Instance
from service.dicom_json import DicomJson, text

_SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
_FLAVORS = ("THUMBNAIL", "OVERVIEW", "VOLUME")  # of a slide's images, the best first
_IMAGE_TYPE, _LABEL = "00080008", "LABEL"
_SHOWS_TEXT = ("00280301", "00480010")  # Burned In Annotation, Specimen Label in Image


def presentable(images: Sequence[Pictured]) -> list[Pictured]:
    """Return those images that do not say that they show a label or burned-in text."""
    return [image for image in images if not _shows_text(image.row.parsed())]


def representative(images: Sequence[Pictured]) -> Instance:
    """Return the instance that stands for all of these: the first and last ones often show little.

    Where the one in the middle is of a slide, it is the slide's thumbnail, else its overview, else the
    smallest of its volumes.
    """
    middle = images[len(images) // 2]
    if middle.instance.sop_class_uid != _SLIDE:
        return middle.instance
    slides = [image for image in images if image.instance.sop_class_uid == _SLIDE]
    return min(slides, key=lambda image: (_rank(image.row.parsed()), image.pixels)).instance


def _shows_text(row: DicomJson) -> bool:
    return _LABEL in _image_type(row) or any(text(row, tag).upper() == "YES" for tag in _SHOWS_TEXT)


def _rank(row: DicomJson) -> int:
    image_type = _image_type(row)
    return next((rank for rank, flavor in enumerate(_FLAVORS) if flavor in image_type), len(_FLAVORS))


def _image_type(row: DicomJson) -> list[str]:
    values = row.get(_IMAGE_TYPE, {}).get("Value", [])
    return [value.strip().upper() for value in values if isinstance(value, str)]
