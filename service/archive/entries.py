"""Entering instances into the index, and removing them: plain functions of one transaction.

Files whose rows go are noted as doomed in the same transaction and removed after it, so that neither a
crash in between nor a second worker leaves a row without its file, or a deleted file behind.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, NamedTuple, TypeVar

import orjson
import sqlalchemy as sa
from isal import isal_zlib

from service.archive import levels, rows
from service.archive.blobs import blob_key
from service.archive.instances import find, find_all
from service.archive.levels import SeriesUids, series_uids
from service.archive.tables import documents, doomed, instances
from service.dicom import frames
from service.dicom.attributes import Level
from service.dicom.columns import index_values
from service.dicom.instance import ParsedInstance, Uids
from service.dicom.json_model import DicomJson

T = TypeVar("T")

_AT_ONCE = 500  # values of one IN


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
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


class Entered(Enum):
    """What became of an entry."""

    STORED = "stored"
    UNCHANGED = "unchanged"
    REPLACED = "replaced"
    REFUSED = "refused"


class _Here(NamedTuple):
    """An instance that is stored already."""

    key: int
    digest: bytes


class FileVanished(Exception):
    """A file was removed, by a delete of the same instance, before its row could be entered."""


def entry_of(parsed: ParsedInstance, size: int, digest: bytes) -> Entry:
    """Return the entry of a parsed file of this size and SHA-256, its rows ready to be written."""
    uids = parsed.uids
    blob = blob_key(uids.study, uids.series, uids.instance, digest)
    return Entry(parsed, blob, digest, _row(parsed, size, digest), _document(parsed))


def enter(
    connection: sa.Connection, entries: Sequence[Entry], exists: Callable[[str], bool], *, replace: bool
) -> list[Entered]:
    """Enter instances, in one transaction, and keep the counts of their series and studies.

    Args:
        connection: in a writing transaction.
        entries: whose files are in the tree and synced.
        exists: tells whether a file is in the tree.
        replace: another file with the same UIDs takes the place of the one that is here.

    Raises:
        FileVanished: a file is not in the tree any more; nothing has been entered.
    """
    if not all(exists(one.blob) for one in entries):
        raise FileVanished
    outcomes: dict[int, Entered] = {}
    for positions in _rounds(entries):
        group = [entries[position] for position in positions]
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_([one.blob for one in group])))
        outcomes.update(zip(positions, _enter_distinct(connection, group, replace=replace), strict=True))
    return [outcomes[position] for position in range(len(entries))]


def remove(connection: sa.Connection, study: str, series: str | None, instance: str | None) -> list[str]:
    """Remove a study, one of its series or one instance, and what becomes empty by it.

    Returns:
        The files that are doomed.

    Raises:
        StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here.
    """
    found = (
        find_all(connection, study, series)
        if series is None or instance is None
        else [find(connection, Uids(study, series, instance))]
    )
    for some in _portions([one.key for one in found]):
        connection.execute(sa.delete(documents).where(documents.c.instance.in_(some)))
        connection.execute(sa.delete(instances).where(instances.c.id.in_(some)))
    blobs = [one.blob for one in found]
    _doom(connection, blobs)
    levels.subtract(connection, Counter(series_uids(one.uids) for one in found))
    return blobs


def doomed_blobs(connection: sa.Connection) -> list[str]:
    """Return the files whose rows are gone."""
    return list(connection.scalars(sa.select(doomed.c.blob)))


def bury(connection: sa.Connection, blobs: Sequence[str], delete: Callable[[str], None]) -> None:
    """Remove files that are still doomed; one that was stored again meanwhile stays."""
    for some in _portions(blobs):
        still = sa.select(doomed.c.blob).where(doomed.c.blob.in_(some))
        for blob in connection.scalars(still).all():
            delete(blob)
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_(some)))


def spare(connection: sa.Connection) -> None:
    """Let the files whose rows are gone stay."""
    connection.execute(sa.delete(doomed))


def _rounds(entries: Sequence[Entry]) -> list[list[int]]:
    """Return the positions of the entries, so grouped that no group has an instance twice."""
    rounds: list[list[int]] = []
    seen: Counter[Uids] = Counter()
    for position, entry in enumerate(entries):
        turn = seen[entry.parsed.uids]
        seen[entry.parsed.uids] += 1
        if turn == len(rounds):
            rounds.append([])
        rounds[turn].append(position)
    return rounds


def _enter_distinct(connection: sa.Connection, entries: Sequence[Entry], *, replace: bool) -> list[Entered]:
    series_keys = levels.series_keys(connection, [one.parsed for one in entries])
    here = _those_here(connection, entries, series_keys)
    outcomes = [_decide(here.get(one.parsed.uids), one, replace=replace) for one in entries]
    by_outcome: dict[Entered, list[Entry]] = {outcome: [] for outcome in Entered}
    for entry, outcome in zip(entries, outcomes, strict=True):
        by_outcome[outcome].append(entry)
    _replace(connection, by_outcome[Entered.REPLACED], here)
    _doom(connection, [one.blob for one in by_outcome[Entered.REFUSED]])
    _insert(connection, by_outcome[Entered.STORED], series_keys)
    return outcomes


def _decide(here: _Here | None, entry: Entry, *, replace: bool) -> Entered:
    if here is None:
        return Entered.STORED
    if here.digest == entry.digest:
        return Entered.UNCHANGED
    return Entered.REPLACED if replace else Entered.REFUSED


def _insert(
    connection: sa.Connection, entries: Sequence[Entry], series_keys: Mapping[SeriesUids, int]
) -> None:
    if not entries:
        return
    rows = [{"series": series_keys[series_uids(one.parsed.uids)], **one.row} for one in entries]
    statement = sa.insert(instances).returning(instances.c.id, sort_by_parameter_order=True)
    keys = connection.scalars(statement, rows).all()
    connection.execute(
        sa.insert(documents),
        [{"instance": key, **one.document} for key, one in zip(keys, entries, strict=True)],
    )
    levels.add(connection, Counter(series_uids(one.parsed.uids) for one in entries))


def _replace(connection: sa.Connection, entries: Sequence[Entry], here: Mapping[Uids, _Here]) -> None:
    """Turn the rows to other files; Study and Series take the newcomer's attributes too."""
    for entry in entries:
        old = here[entry.parsed.uids]
        connection.execute(sa.update(instances).where(instances.c.id == old.key).values(entry.row))
        connection.execute(sa.update(documents).where(documents.c.instance == old.key).values(entry.document))
        uids = entry.parsed.uids
        _doom(connection, [blob_key(uids.study, uids.series, uids.instance, old.digest)])
        levels.describe_again(connection, entry.parsed)


def _doom(connection: sa.Connection, blobs: Sequence[str]) -> None:
    for some in _portions(blobs):
        connection.execute(sa.delete(doomed).where(doomed.c.blob.in_(some)))
        connection.execute(sa.insert(doomed), [{"blob": blob} for blob in some])


def _portions(values: Sequence[T]) -> list[Sequence[T]]:
    return [values[start : start + _AT_ONCE] for start in range(0, len(values), _AT_ONCE)]


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
        "metadata": _deflated(parsed.metadata),
        "image": _deflated(parsed.image) if parsed.image is not None else None,
        "bulkdata": _json({path: tuple(place) for path, place in parsed.bulkdata.items()}),
        "pixel_data": numbers,
        "boundaries": boundaries,
    }


def _json(value: object) -> bytes | None:
    return orjson.dumps(value) if value else None


def _deflated(attributes: DicomJson) -> bytes:
    """Return DICOM JSON as the index keeps it, SUBSTITUTE standing for the base URL of Bulkdata URIs."""
    text = orjson.dumps(attributes).replace(b'"BulkDataURI":"\\u001a', b'"BulkDataURI":"\x1a')
    return bytes(isal_zlib.compress(text, 1))


def _those_here(
    connection: sa.Connection, entries: Sequence[Entry], series_keys: Mapping[SeriesUids, int]
) -> dict[Uids, _Here]:
    """Return those of the instances that are stored already."""
    uids = {
        (series_keys[series_uids(one.parsed.uids)], one.parsed.uids.instance): one.parsed.uids
        for one in entries
    }
    query = sa.select(
        instances.c.id, instances.c.series, instances.c.sop_instance_uid, instances.c.digest
    ).where(
        instances.c.series.in_(set(series_keys.values())),
        instances.c.sop_instance_uid.in_([instance for _, instance in uids]),
    )
    return {
        uids[series, instance]: _Here(key, digest)
        for key, series, instance, digest in connection.execute(query)
        if (series, instance) in uids
    }
