"""One instance ready to be entered into the index: everything that can be written before the transaction."""

from dataclasses import dataclass
from typing import Any

import orjson

from service.archive.index import rows
from service.archive.index.stored_json import to_deflated_row
from service.archive.instance import blob_key
from service.dicom import frames
from service.dicom.instance import ParsedInstance
from service.dicom.query.columns import index_values
from service.dicom.query.levels import Level


@dataclass(frozen=True, slots=True, eq=False)
class IndexEntry:
    """An instance ready to be entered, once its file is in its place.

    Attributes:
        parsed: what was read of it.
        blob: where its file lies.
        digest: SHA-256 of its file.
        row: columns of its row in `instances`, the series aside.
        document: columns of its row in `documents`, the instance aside.
    """

    parsed: ParsedInstance
    blob: str
    digest: bytes
    row: dict[str, Any]
    document: dict[str, Any]


def entry_of(parsed: ParsedInstance, size: int, digest: bytes) -> IndexEntry:
    """Return the entry of a parsed file of this size and SHA-256, its rows ready to be written."""
    uids = parsed.uids
    blob = blob_key(uids.study, uids.series, uids.instance, digest)
    return IndexEntry(parsed, blob, digest, _row(parsed, size, digest), _document(parsed))


def _row(parsed: ParsedInstance, size: int, digest: bytes) -> dict[str, Any]:
    return {
        **index_values(parsed.metadata, Level.INSTANCE),
        "sop_instance_uid": parsed.uids.instance,
        "sop_class_uid": parsed.sop_class_uid,
        "transfer_syntax_uid": parsed.transfer_syntax,
        "part10": parsed.conformant,
        "size": size,
        "digest": digest,
        "attributes": rows.instance_row(parsed),
    }


def _document(parsed: ParsedInstance) -> dict[str, Any]:
    numbers, boundaries = frames.to_row(parsed.frames) if parsed.frames else (None, None)
    return {
        "metadata": rows.metadata_row(parsed),
        "image": to_deflated_row(parsed.image) if parsed.image is not None else None,
        "bulkdata": _json({path: place.to_row() for path, place in parsed.bulkdata.items()}),
        "pixel_data": numbers,
        "boundaries": boundaries,
    }


def _json(value: object) -> bytes | None:
    return orjson.dumps(value) if value else None
