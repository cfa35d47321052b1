"""The files of a store on their way in: where they are to lie, and how they get there."""

from collections.abc import Sequence
from typing import NamedTuple

from service.archive.files.blobs import Blobs
from service.archive.files.spool import Spool, has_digest
from service.archive.index.engine.database import Database
from service.archive.index.lookups.named import with_uids
from service.archive.index.writes.entry import IndexEntry
from service.dicom.instance import reason_of
from service.errors import Refusal


class Arrival(NamedTuple):
    """An instance on its way in: what is written of it, and its bytes."""

    entry: IndexEntry
    spool: Spool


def placed(index: Database, blobs: Blobs, arrivals: Sequence[Arrival], *, trusting: bool) -> list[Arrival]:
    """Say where the files are to lie: where they lie already, undamaged, or under new names.

    Args:
        index: that knows what is here.
        blobs: the files.
        arrivals: whose entries have no place, or one that has not been good.
        trusting: whether a file stays that is here already.

    Raises:
        Unavailable: the index is away.
    """
    here = index.read_now(with_uids, {entry.parsed.uids for entry, _ in arrivals})

    def place(arrival: Arrival) -> Arrival:
        entry, spool = arrival
        match = here.get(entry.parsed.uids)
        stored = match if match and has_digest(spool, match.digest) else None
        if stored and stored.digest != entry.digest:  # an earlier version's, of the same content
            entry = entry.with_digest(stored.digest)
        if stored and trusting and blobs.holds(stored.blob, spool):
            return Arrival(entry.with_file_of(stored.blob, stored.version), spool)
        return Arrival(entry.with_its_file(stored.blob if stored else None), spool)

    if not here:
        return list(map(place, arrivals))
    return list(blobs.each(place, arrivals))


def keep(blobs: Blobs, arrivals: Sequence[Arrival]) -> dict[IndexEntry, Refusal]:
    """Put the files where they stay, and return the refusals of those there is no room for."""
    failures = blobs.put([(entry.blob, spool) for entry, spool in arrivals])
    return {
        entry: refusal_of(entry, failures[entry.blob].message, reason_of(failures[entry.blob]))
        for entry, _ in arrivals
        if entry.blob in failures
    }


def refusal_of(entry: IndexEntry, message: str, reason: int) -> Refusal:
    """Return that an entry is not kept, and why."""
    return Refusal(message, reason, entry.parsed.sop_class_uid, entry.parsed.uids.instance)
