"""The rows that a search answers with: DICOM JSON objects, written when an instance arrives.

The byte SUBSTITUTE stands in them for the service's base URL. It is no JSON, so that it cannot be confused
with a value, and has to be taken out before a row is parsed: a noncharacter of Unicode stands in meanwhile.
"""

from collections.abc import Iterable
from typing import Any

import orjson

from service.dicom.instance import ParsedInstance
from service.dicom.query.levels import Attributes, Level, level_attributes, other_attributes, tag_of
from service.transfer_syntaxes import outgoing

_STORED, _PARSED = b'"\x1a', '"\ufffe'.encode()
_BASE_URL = "\ufffe"


def study_row(
    attributes: Attributes,
    study: str,
    modalities: Iterable[str],
    number_of_series: int,
    number_of_instances: int,
) -> bytes:
    """Return the row of a study. PS3.18 Table 10.6.3-3.

    Args:
        attributes: of the study, or what `load` makes of its previous row.
        study: its UID.
        modalities: of its series; without any, Modalities in Study is left out rather than empty.
        number_of_series: in the study.
        number_of_instances: in the study.
    """
    return dump(
        {tag: element for tag, element in attributes.items() if tag != _tag("ModalitiesInStudy")}
        | _element("InstanceAvailability", "CS", "ONLINE")
        | _element("ModalitiesInStudy", "CS", *sorted(set(modalities)))
        | _retrieve_url(f"studies/{study}")
        | _element("NumberOfStudyRelatedSeries", "IS", number_of_series)
        | _element("NumberOfStudyRelatedInstances", "IS", number_of_instances)
    )


def series_row(attributes: Attributes, study: str, series: str, number_of_instances: int) -> bytes:
    """Return the row of a series, from its attributes or those of its previous row. PS3.18 Table 10.6.3-4."""
    return dump(
        dict(attributes)
        | _element("InstanceAvailability", "CS", "ONLINE")
        | _retrieve_url(f"studies/{study}/series/{series}")
        | _element("NumberOfSeriesRelatedInstances", "IS", number_of_instances)
    )


def instance_row(parsed: ParsedInstance) -> bytes:
    """Return the row of an instance. PS3.18 Table 10.6.3-5."""
    uids = parsed.uids
    return dump(
        level_attributes(parsed.metadata, Level.INSTANCE)
        | _element("InstanceAvailability", "CS", "ONLINE")
        | _retrieve_url(f"studies/{uids.study}/series/{uids.series}/instances/{uids.instance}")
        | _element("AvailableTransferSyntaxUID", "UI", outgoing(parsed.transfer_syntax))
    )


def other_row(metadata: Attributes, level: Level) -> bytes:
    """Return the attributes of a study or series that a search returns only when asked."""
    return dump(other_attributes(metadata, level))


def dump(attributes: Attributes) -> bytes:
    """Return the attributes as a row: DICOM JSON, ascending."""
    text = orjson.dumps(dict(sorted(attributes.items())))
    return text.replace(_PARSED, _STORED)


def load(row: bytes) -> dict[str, Any]:
    """Return the attributes of a row, or of an instance's metadata as the index keeps it."""
    attributes: dict[str, Any] = orjson.loads(row.replace(_STORED, _PARSED))
    return attributes


def _tag(keyword: str) -> str:
    return tag_of(keyword) or ""


def _element(keyword: str, vr: str, *values: object) -> dict[str, Any]:
    return {_tag(keyword): {"vr": vr, "Value": list(values)}} if values else {}


def _retrieve_url(path: str) -> dict[str, Any]:
    return _element("RetrieveURL", "UR", f"{_BASE_URL}/{path}")
