"""The rows that a search answers with: DICOM JSON objects, written when an instance arrives."""

from collections.abc import Iterable
from typing import Any

from service.archive.index.schema.stored_json import PARSED_BASE_URL, to_deflated_row, to_row
from service.dicom.dictionary import tag_of
from service.dicom.instance import ParsedInstance
from service.dicom.query.levels import Level, level_attributes, other_attributes
from service.dicom_json import Attributes
from service.transfer_syntaxes import outgoing


def study_row(
    attributes: Attributes,
    study: str,
    modalities: Iterable[str],
    number_of_series: int,
    number_of_instances: int,
) -> bytes:
    """Return the row of a study. PS3.18 Table 10.6.3-3.

    Args:
        attributes: of the study, or its previous row, parsed.
        study: its UID.
        modalities: of its series; without any, Modalities in Study is left out rather than empty.
        number_of_series: in the study.
        number_of_instances: in the study.
    """
    return to_row(
        {tag: element for tag, element in attributes.items() if tag != _tag("ModalitiesInStudy")}
        | _element("InstanceAvailability", "CS", "ONLINE")
        | _element("ModalitiesInStudy", "CS", *sorted(set(modalities)))
        | _retrieve_url(f"studies/{study}")
        | _element("NumberOfStudyRelatedSeries", "IS", number_of_series)
        | _element("NumberOfStudyRelatedInstances", "IS", number_of_instances)
    )


def series_row(attributes: Attributes, study: str, series: str, number_of_instances: int) -> bytes:
    """Return the row of a series, from its attributes or those of its previous row. PS3.18 Table 10.6.3-4."""
    return to_row(
        dict(attributes)
        | _element("InstanceAvailability", "CS", "ONLINE")
        | _retrieve_url(f"studies/{study}/series/{series}")
        | _element("NumberOfSeriesRelatedInstances", "IS", number_of_instances)
    )


def recounted(row: bytes, keyword: str, before: int, after: int) -> bytes | None:
    """Return a row with another number in one of its counts; None if the text does not have it just once."""
    count, other = (b'"%b":{"vr":"IS","Value":[%d]}' % (_tag(keyword).encode(), n) for n in (before, after))
    return row.replace(count, other) if row.count(count) == 1 else None


def instance_row(parsed: ParsedInstance) -> bytes:
    """Return the row of an instance. PS3.18 Table 10.6.3-5."""
    uids = parsed.uids
    return to_row(
        level_attributes(parsed.metadata, Level.INSTANCE)
        | _element("InstanceAvailability", "CS", "ONLINE")
        | _retrieve_url(f"studies/{uids.study}/series/{uids.series}/instances/{uids.instance}")
        | _available_transfer_syntax(parsed)
    )


def metadata_row(parsed: ParsedInstance) -> bytes:
    """Return the metadata of an instance, deflated. PS3.18 10.4.1.1.4.

    They say what a file says in its group 0002, which is none of their attributes: viewers know videos by it.
    """
    return to_deflated_row(dict(sorted((parsed.metadata | _available_transfer_syntax(parsed)).items())))


def other_row(metadata: Attributes, level: Level) -> bytes:
    """Return the attributes of a study or series that a search returns only when asked."""
    return to_row(other_attributes(metadata, level))


def _available_transfer_syntax(parsed: ParsedInstance) -> dict[str, Any]:
    """Return the transfer syntax in which the instance goes out when nothing of it is decoded."""
    return _element("AvailableTransferSyntaxUID", "UI", outgoing(parsed.transfer_syntax))


def _tag(keyword: str) -> str:
    return tag_of(keyword) or ""


def _element(keyword: str, vr: str, *values: object) -> dict[str, Any]:
    return {_tag(keyword): {"vr": vr, "Value": list(values)}} if values else {}


def _retrieve_url(path: str) -> dict[str, Any]:
    return _element("RetrieveURL", "UR", f"{PARSED_BASE_URL}/{path}")
