"""What a PET image says of its activity: the dose given, when, and what its values were corrected for.

Read from the metadata of an instance. Vendors say some of it in private attributes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from service.dicom_json import Attributes, binary, first_value, items, number, text

_PHILIPS, _GE = "Philips PET Private Group", "GEMS_PETD_01"
_PET = "1.2.840.10008.5.1.4.1.1.128"
_DATE_TIME = re.compile(
    r"(\d{4})\.?(\d\d)\.?(\d\d)(\d\d):?(\d\d)(?::?(\d\d)(\.\d{1,6})?)?([+-]\d{4})?", re.ASCII
)
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Uptake:
    """What one PET image says. What it does not say, or not in a readable way, is None or empty.

    Attributes:
        is_pet: it is a PET Image.
        units: of its modality values.
        corrected: for what its values are corrected.
        decay_correction: to which moment: START, ADMIN or NONE.
        weight: of the patient, in kg.
        height: of the patient, in m.
        sex: M, F or other.
        suv_type: of values that are SUV already.
        doses: how many were given.
        dose: given, in Bq.
        half_life: of the nuclide, in seconds.
        given: when the dose was, its date if that is known.
        given_time: seconds after midnight, where only the time is known.
        series: when the series began.
        acquired: when this image did.
        ge_scan: when the scan began, as GE says it.
        reference_seconds: from the beginning of the series to the average of this image.
        duration_seconds: of this image.
        philips_suv: factor to SUV by body weight, as Philips says it.
        philips_activity: factor to Bq/ml, as Philips says it.

    Standard: PS3.3 C.8.9.1, C.8.9.2, C.8.9.4.
    """

    is_pet: bool
    units: str
    corrected: frozenset[str]
    decay_correction: str
    weight: float | None
    height: float | None
    sex: str
    suv_type: str
    doses: int
    dose: float | None
    half_life: float | None
    given: datetime | None
    given_time: float | None
    series: datetime | None
    acquired: datetime | None
    ge_scan: datetime | None
    reference_seconds: float | None
    duration_seconds: float | None
    philips_suv: float | None
    philips_activity: float | None


def uptake_of(metadata: Attributes) -> Uptake:
    """Return what an instance says of its activity."""
    drugs = list(items(metadata, "00540016"))
    drug = drugs[0] if drugs else {}
    offset = text(metadata, "00080201")
    given = _date_time(text(drug, "00181078"), offset)
    return Uptake(
        is_pet=text(metadata, "00080016") == _PET,
        units=text(metadata, "00541001").upper(),
        corrected=frozenset(_texts(metadata, "00280051")),
        decay_correction=text(metadata, "00541102").upper(),
        weight=_positive(number(metadata, "00101030")),
        height=_positive(number(metadata, "00101020")),
        sex=text(metadata, "00100040").upper(),
        suv_type=text(metadata, "00541006").upper(),
        doses=len(drugs),
        dose=_positive(number(drug, "00181074")),
        half_life=_positive(number(drug, "00181075")),
        given=given,
        given_time=_seconds(text(drug, "00181072")),
        series=_date_time(text(metadata, "00080021") + text(metadata, "00080031"), offset),
        acquired=_acquired(metadata, offset),
        ge_scan=_date_time(_private(metadata, "0009", _GE, "0D"), offset),
        reference_seconds=_milliseconds(number(metadata, "00541300")),
        duration_seconds=_milliseconds(number(metadata, "00181242")),
        philips_suv=_positive(_as_number(_private(metadata, "7053", _PHILIPS, "00"))),
        philips_activity=_positive(_as_number(_private(metadata, "7053", _PHILIPS, "09"))),
    )


def _acquired(metadata: Attributes, offset: str) -> datetime | None:
    own = text(metadata, "00080022") + text(metadata, "00080032")
    return _date_time(own, offset) or _date_time(text(metadata, "0008002A"), offset)


def _texts(metadata: Attributes, tag: str) -> Iterator[str]:
    element = metadata.get(tag)
    values = element.get("Value") if isinstance(element, dict) else None
    for value in values if isinstance(values, list) else ():
        if isinstance(value, str):
            yield value.strip().upper()


def _positive(value: float | None) -> float | None:
    return value if value is not None and value > 0 else None


def _milliseconds(value: float | None) -> float | None:
    return None if value is None else value / 1000


def _as_number(value: str) -> float | None:
    return number({"0": {"Value": [value]}}, "0") if value else None


def _private(metadata: Attributes, group: str, creator: str, element: str) -> str:
    """Return the text of a private attribute, whose VR need not be known."""
    for block in (tag for tag in metadata if tag.startswith(f"{group}00") and text(metadata, tag) == creator):
        tag = f"{group}{block[6:]}{element}"
        value = first_value(metadata, tag)
        if value is None:
            value = binary(metadata, tag).decode("ascii", "replace").partition("\\")[0]
        return str(value).strip(" \0")
    return ""


def _seconds(time: str) -> float | None:
    moment = _date_time(f"20000101{time}", "")
    return (moment - datetime(2000, 1, 1)).total_seconds() if moment else None


def _date_time(written: str, offset: str) -> datetime | None:
    """Return a moment in the time zone of its data set."""
    match = _DATE_TIME.fullmatch(written.strip())
    if match is None:
        return None
    *parts, fraction, own_offset = match.groups()
    try:
        moment = datetime(*(int(part or 0) for part in parts))  # type: ignore[arg-type]
    except ValueError:
        return None
    moment += timedelta(seconds=float(fraction or 0))
    shift = _shift(own_offset or "") if own_offset and _OFFSET.fullmatch(offset) else None
    return moment if shift is None else moment - shift + (_shift(offset) or timedelta())


def _shift(offset: str) -> timedelta | None:
    match = _OFFSET.fullmatch(offset)
    if match is None:
        return None
    shift = timedelta(hours=int(match[2]), minutes=int(match[3]))
    return -shift if match[1] == "-" else shift
