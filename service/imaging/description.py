"""What describes the pixels of a frame, out of what the index keeps of its instance."""

from functools import lru_cache

from isal import isal_zlib

from service import json_text
from service.archive.instance import Located
from service.dicom_json import DicomJson
from service.pixels.description import ImageDescription, describe

_SHORT_IMAGE_BYTES, _SHORT_TEXT_BYTES = 2**10, 2**12  # of what describes pixels, as it is kept and as JSON


def description_of(located: Located, number: int) -> ImageDescription:
    """Return the description of frame `number`, counted from 1, of an instance that has pixels.

    Raises:
        NotRenderable: what describes its pixels is missing or makes no sense.
    """
    image, sop_class_uid = located.image or b"", located.instance.sop_class_uid
    if len(image) <= _SHORT_IMAGE_BYTES and (short := _short_description(image, number, sop_class_uid)):
        return short
    return _description(image, number, sop_class_uid)


@lru_cache(maxsize=2048)
def _short_description(image: bytes, number: int, sop_class_uid: str) -> ImageDescription | None:
    """Return a description if it takes little memory: kept for who asks for many slices at random."""
    text = isal_zlib.decompress(image)
    is_short = len(text) <= _SHORT_TEXT_BYTES
    return describe(json_text.read(text), number, sop_class_uid) if is_short else None


@lru_cache(maxsize=64)
def _description(image: bytes, number: int, sop_class_uid: str) -> ImageDescription:
    """Return a description; the same one again for the same picture in another size or window."""
    return describe(_attributes(image), number, sop_class_uid)


@lru_cache(maxsize=8)
def _attributes(image: bytes) -> DicomJson:
    """Return the attributes of an instance's pixels; of the same one when its next frame is asked for."""
    return json_text.read(isal_zlib.decompress(image))
