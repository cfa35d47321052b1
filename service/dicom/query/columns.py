"""Which attributes the index keeps as columns, and their values for one instance.

Everything the Standard requires to be matchable (PS3.18 Table 10.6.1-5) and what people search by besides.
Other attributes can be matched too, only more slowly: see `service.archive.index.queries.search`.
"""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from service.dicom.dictionary import tag_of, vr_of
from service.dicom.query import normal_forms
from service.dicom.query.levels import Level, Path
from service.dicom_json import Attributes, items

_STUDY = {
    "StudyInstanceUID": "study_instance_uid",
    "StudyDate": "study_date",
    "StudyTime": "study_time",
    "AccessionNumber": "accession_number",
    "StudyID": "study_id",
    "StudyDescription": "study_description",
    "PatientID": "patient_id",
    "PatientBirthDate": "patient_birth_date",
    "PatientSex": "patient_sex",
    "PatientName": "patient_name",
    "ReferringPhysicianName": "referring_physician_name",
}
_SERIES = {
    "SeriesInstanceUID": "series_instance_uid",
    "Modality": "modality",
    "SeriesNumber": "series_number",
    "SeriesDescription": "series_description",
    "SeriesDate": "series_date",
    "SeriesTime": "series_time",
    "BodyPartExamined": "body_part_examined",
    "Laterality": "laterality",
    "ProtocolName": "protocol_name",
    "InstitutionName": "institution_name",
    "StationName": "station_name",
    "Manufacturer": "manufacturer",
    "ManufacturerModelName": "manufacturer_model_name",
    "PerformedProcedureStepStartDate": "performed_procedure_step_start_date",
    "PerformedProcedureStepStartTime": "performed_procedure_step_start_time",
}
_INSTANCE = {
    "SOPInstanceUID": "sop_instance_uid",
    "SOPClassUID": "sop_class_uid",
    "InstanceNumber": "instance_number",
    "NumberOfFrames": "number_of_frames",
    "Rows": "rows",
    "Columns": "columns",
    "BitsAllocated": "bits_allocated",
}
_COUNTS = {
    "NumberOfStudyRelatedSeries": "number_of_series",
    "NumberOfStudyRelatedInstances": "number_of_instances",
    "NumberOfSeriesRelatedInstances": "number_of_instances",
}
_REQUEST = {
    "ScheduledProcedureStepID": "scheduled_procedure_step_id",
    "RequestedProcedureID": "requested_procedure_id",
}
MAX_COLUMN_CHARACTERS = 512  # PostgreSQL indexes no value of more than 2,704 bytes

_SMALL = 2**32

GROUP_SUFFIXES = ("", "_ideographic", "_phonetic")  # of the columns of a person name

REQUEST_ATTRIBUTES_SEQUENCE = "00400275"


def _by_tag(columns: Mapping[str, str]) -> dict[str, str]:
    return {tag: column for keyword, column in columns.items() if (tag := tag_of(keyword))}


_OF_LEVEL = {
    Level.STUDY: _by_tag(_STUDY),
    Level.SERIES: _by_tag(_SERIES),
    Level.INSTANCE: _by_tag(_INSTANCE),
}
_ITEM = _by_tag(_REQUEST)

# Columns of the table of the attribute's level.
COLUMNS: dict[Path, str] = {
    (tag,): column for columns in (*_OF_LEVEL.values(), _by_tag(_COUNTS)) for tag, column in columns.items()
}
# Columns of request_attributes, which has one row per item of the sequence.
REQUEST_COLUMNS: dict[Path, str] = {
    (REQUEST_ATTRIBUTES_SEQUENCE, tag): column for tag, column in _ITEM.items()
}


def index_values(metadata: Attributes, level: Level) -> dict[str, Any]:
    """Return the columns of one level: names → normal forms, None where there is no value of the VR.

    `study_date` alone is "" then: studies are listed by it, and databases do not agree on where NULL comes.
    """
    row: dict[str, Any] = {}
    for tag, column in _OF_LEVEL[level].items():
        row |= _column(metadata.get(tag), vr_of(tag), column)
    if level is Level.STUDY:
        row["study_date"] = row["study_date"] or ""
    return row


def request_items(metadata: Attributes) -> list[dict[str, str | None]]:
    """Return one row of request_attributes per item of Request Attributes Sequence that says something."""
    rows = map(_item, items(metadata, REQUEST_ATTRIBUTES_SEQUENCE))
    return [row for row in rows if any(row.values())]


def _item(item: Attributes) -> dict[str, str | None]:
    columns: dict[str, str | None] = {}
    for tag, column in _ITEM.items():
        columns |= _column(item.get(tag), vr_of(tag), column)
    return columns


def _column(element: Any, vr: str, column: str) -> dict[str, Any]:
    if (count := _count(element)) is not None and vr in normal_forms.NUMBER_VRS:
        return {column: count}
    value = normal_forms.first(normal_forms.values(element, vr))
    if vr == "PN":
        groups = value or ("", "", "")
        return {
            column + suffix: group[:MAX_COLUMN_CHARACTERS] or None
            for suffix, group in zip(GROUP_SUFFIXES, groups, strict=True)
        }
    if isinstance(value, Decimal):
        return {column: normal_forms.integer(value)}
    return {column: value and value[:MAX_COLUMN_CHARACTERS]}


def _count(element: Any) -> int | None:
    """Return the only value if it is a small number already, as nearly all numbers of columns are."""
    match element:
        case {"Value": [int(number)]} if type(number) is int and 0 <= number < _SMALL:
            return number
    return None
