"""Attributes as text on a page."""

from collections.abc import Callable
from typing import Any

from pydicom.config import IGNORE
from pydicom.uid import UID

from service.dicom.dictionary import tag_of, vr_of
from service.dicom.text.captions import date, person_name, time_of_day
from service.dicom_json import DicomJson

_UNIT_STEP = 1024


def uid_name(value: Any) -> str:
    """Return what the Standard calls a UID; the UID itself where it has no name for it."""
    return UID(str(value), IGNORE).name


_TEXT_FORMS: dict[str, Callable[[Any], str]] = {
    "PN": person_name,
    "DA": date,
    "TM": time_of_day,
    "UI": uid_name,
}


def text_of(attributes: DicomJson, keyword: str, unit: str = "") -> str:
    """Return the values of an attribute as people write them, with commas between; empty without any."""
    tag = tag_of(keyword) or ""
    form = _TEXT_FORMS.get(vr_of(tag), str)
    texts = (form(value) for value in attributes.get(tag, {}).get("Value", ()) if value is not None)
    text = ", ".join(part for part in texts if part)
    return text and text + unit


def count_of(number: str | int, singular: str, plural: str) -> str:
    """Return a number with the word for what is counted."""
    return f"{number} {singular if str(number) == '1' else plural}"


def size(number_of_bytes: int) -> str:
    """Return a number of bytes with a unit."""
    amount, unit = float(number_of_bytes), "bytes"
    for unit in ("bytes", "kB", "MB", "GB"):
        if amount < _UNIT_STEP or unit == "GB":
            break
        amount /= _UNIT_STEP
    return f"{amount:.0f} {unit}" if amount >= 10 or unit == "bytes" else f"{amount:.1f} {unit}"
