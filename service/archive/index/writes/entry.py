"""One instance ready to be entered into the index: everything that can be written before the transaction."""

from dataclasses import dataclass, replace
from typing import Any

import orjson

from service.archive.index.schema import rows
from service.archive.index.schema.stored_json import to_deflated_row
from service.archive.instance import blob_key, new_version
from service.dicom import frames
from service.dicom.instance import ParsedInstance
from service.dicom.query.columns import index_values
from service.dicom.query.levels import Level


@dataclass(frozen=True, slots=True, eq=False)
class IndexEntry:
    """An instance ready to be entered, once its file is in its place.

    Attributes:
        parsed: what was read of it.
        digest: of its file.
        version: what ends the name of its file, None for nothing.
        row: columns of its row in `instances`, the series and the version aside.
        document: columns of its row in `documents`, the instance aside.
        stored: the file of the same content that the index had when it was asked; None if it had none. It is
            the entry's own where nothing has to be brought, and damaged where the entry brings another.
    """

    parsed: ParsedInstance
    digest: bytes
    version: str | None
    row: dict[str, Any]
    document: dict[str, Any]
    stored: str | None = None

    @property
    def blob(self) -> str:
        """Where its file lies."""
        uids = self.parsed.uids
        return blob_key(uids.study, uids.series, uids.instance, self.digest, self.version)

    @property
    def brings_its_file(self) -> bool:
        """Whether its file is not the one that the index has already."""
        return self.blob != self.stored

    def with_digest(self, digest: bytes) -> "IndexEntry":
        """Return the entry with another digest of the same file."""
        return replace(self, digest=digest, row={**self.row, "digest": digest})

    def with_its_file(self, stored: str | None) -> "IndexEntry":
        """Return the entry with a file of its own, under a name that none has had.

        Args:
            stored: the damaged file of the index whose place it takes, if there is one.
        """
        return self._with_file(new_version(), stored)

    def with_file_of(self, stored: str, version: str | None) -> "IndexEntry":
        """Return the entry with the file that the index has already."""
        return self._with_file(version, stored)

    def _with_file(self, version: str | None, stored: str | None) -> "IndexEntry":
        return IndexEntry(self.parsed, self.digest, version, self.row, self.document, stored)


def entry_of(parsed: ParsedInstance, size: int, digest: bytes, version: str | None) -> IndexEntry:
    """Return the entry of a parsed file of this size, digest and version, its rows ready to be written."""
    return IndexEntry(parsed, digest, version, _row(parsed, size, digest), _document(parsed))


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
