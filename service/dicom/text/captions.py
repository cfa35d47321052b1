"""What is written on a picture of an instance: lines about the patient, and about how the image was made.

Standard: PS3.18 8.3.5.1.1.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from service.dicom_json import NAME_GROUPS, Attributes, first_value


class LabelledValue(NamedTuple):
    """One value of a line: the words before and after it."""

    tag: str
    before: str = ""
    after: str = ""
    form: Callable[[Any], str] = str


def person_name(value: Any) -> str:
    """Return a person name as people write it: family name first, then a comma."""
    groups = value if isinstance(value, dict) else {}
    text = next((groups[group] for group in NAME_GROUPS if groups.get(group)), "")
    family, *others = text.split("^")
    given = " ".join(part for part in others[:2] if part)
    return ", ".join(part for part in (family, given) if part)


def date(value: Any) -> str:
    """Return a DA value as YYYY-MM-DD; what is none stays as it is."""
    text = str(value)
    return f"{text[:4]}-{text[4:6]}-{text[6:8]}" if len(text) == 8 and text.isdigit() else text


def time_of_day(value: Any) -> str:
    """Return a TM value as HH:MM; what is none stays as it is."""
    text = str(value)
    return f"{text[:2]}:{text[2:4]}" if text[:4].isdigit() and ":" not in text else text


def _number(value: Any) -> str:
    try:
        return f"{float(value):.4g}"
    except (TypeError, ValueError):
        return str(value)


PATIENT = (
    (LabelledValue("00100010", form=person_name),),
    (LabelledValue("00100020", "ID "),),
    (LabelledValue("00100030", form=date), LabelledValue("00100040"), LabelledValue("00101010")),
)
TECHNIQUE = (
    (
        LabelledValue("00080060"),
        LabelledValue("00080020", form=date),
        LabelledValue("00080030", form=time_of_day),
    ),
    (LabelledValue("0008103E"), LabelledValue("00180015")),
    (LabelledValue("00200011", "Series "), LabelledValue("00200013", "Image ")),
    (
        LabelledValue("00201041", "Position ", " mm", _number),
        LabelledValue("00180050", "Slice ", " mm", _number),
    ),
    (
        LabelledValue("00180060", after=" kV", form=_number),
        LabelledValue("00181152", after=" mAs", form=_number),
    ),
    (LabelledValue("00180080", "TR ", form=_number), LabelledValue("00180081", "TE ", form=_number)),
)
KEYWORDS = {"patient": PATIENT, "technique": TECHNIQUE}
"""Keyword of the `annotation` parameter → lines."""


def captions(metadata: Attributes, keyword: str) -> list[str]:
    """Return the lines of one of KEYWORDS; values that the instance does not have are left out."""
    lines = (line_of(metadata, entries) for entries in KEYWORDS[keyword])
    return [line for line in lines if line]


def line_of(metadata: Attributes, entries: Sequence[LabelledValue]) -> str:
    """Return the values that are there, as one line; empty if there are none."""
    values = ((entry, first_value(metadata, entry.tag)) for entry in entries)
    texts = ((entry, entry.form(value)) for entry, value in values if value not in (None, ""))
    return "  ".join(f"{entry.before}{text}{entry.after}" for entry, text in texts if text)
