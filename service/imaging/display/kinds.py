"""What an instance is for people: a picture, a video, a document, or something that cannot be shown."""

import re
from collections.abc import Callable

from service.archive.instance import Located
from service.dicom_json import DicomJson, first_value, number
from service.transfer_syntaxes import OCTET_STREAM, is_video

PDF = "application/pdf"

_MIME_TYPE, _MODALITY = "00420012", "00080060"
_MEDIA_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,64}/[a-z0-9!#$&^_.+-]{1,64}")

_FRAME_SECONDS: dict[str, Callable[[float], float]] = {
    "00181063": lambda frame_time: frame_time / 1000,  # in milliseconds
    "00180040": lambda cine_rate: 1 / cine_rate,
    "00082144": lambda recommended_display_frame_rate: 1 / recommended_display_frame_rate,
}
"""Attribute → what it makes of the seconds that a frame is to be seen."""

_DEFAULT_FRAME_SECONDS = 0.1


def has_picture(located: Located) -> bool:
    """Tell whether an instance has frames that are no video."""
    has_frames = bool(located.frames and located.frames.number_of_frames)
    return has_frames and not is_video(located.instance.transfer_syntax)


def kind_of(attributes: DicomJson) -> str:
    """Return a word for what an instance is, where it cannot be shown."""
    if mime_type(attributes) == PDF:
        return "PDF"
    return str(first_value(attributes, _MODALITY) or "no image")


def frame_seconds(attributes: DicomJson) -> float:
    """Return how long each frame of an instance is to be seen."""
    for tag, seconds in _FRAME_SECONDS.items():
        value = number(attributes, tag)
        if value is not None and value > 0:
            return seconds(value)
    return _DEFAULT_FRAME_SECONDS


def mime_type(attributes: DicomJson) -> str:
    """Return the media type of an Encapsulated Document; any bytes where it states none. PS3.3 C.24.2."""
    media_type = str(first_value(attributes, _MIME_TYPE) or "").strip().lower()
    return media_type if _MEDIA_TYPE.fullmatch(media_type) else OCTET_STREAM
