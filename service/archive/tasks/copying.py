"""Moving an archive: every file that the index knows is copied to another place, under the same key.

The service goes on meanwhile. What is there already is not copied again, so that whoever is interrupted goes
on where it was; and when all are copied, it is looked for what came in between.
"""

from collections.abc import Iterator
from threading import Event
from typing import NamedTuple

from service.archive import Archive
from service.archive.batches import batches
from service.archive.files.blobs import Blobs
from service.archive.files.spool import Spool, has_digest
from service.archive.index.lookups.lookup import stored_files
from service.archive.tasks.upkeep import Done
from service.errors import Unavailable

_BATCH_BYTES = 32 * 2**20
_BATCH_FILES = 128


class _Claim(NamedTuple):
    """A file that the index knows: its key, its size in bytes, its digest."""

    key: str
    size: int
    digest: bytes


def copy(archive: Archive, target: Blobs, stop: Event) -> Iterator[Done]:
    """Copy all files of an archive.

    Args:
        archive: that has them.
        target: that gets them.
        stop: once it is set, no further files are begun.
    """
    there = {file.key: file.size for file in target.list()}
    seen: set[str] = set()
    while claims := [claim for claim in _claims(archive) if claim.key not in seen]:
        seen.update(claim.key for claim in claims)
        missing = [claim for claim in claims if there.get(claim.key) != claim.size]
        for claim in set(claims).difference(missing):
            yield Done(target.place(claim.key), "there already", "", claim.size)
        for batch in batches(missing, lambda claim: claim.size, _BATCH_FILES, _BATCH_BYTES):
            if stop.is_set():
                return
            yield from _copied(archive, target, batch)


def _claims(archive: Archive) -> Iterator[_Claim]:
    return map(_Claim._make, archive.index.read_now(stored_files))


def _copied(archive: Archive, target: Blobs, claims: list[_Claim]) -> Iterator[Done]:
    """Copy some files, and yield what became of each."""
    spools = list(archive.blobs.each(lambda claim: _spooled(archive.blobs, target, claim), claims))
    try:
        files = {
            claim.key: spool for claim, spool in zip(claims, spools, strict=True) if isinstance(spool, Spool)
        }
        failures = target.put(list(files.items()))
    finally:
        for spool in spools:
            if isinstance(spool, Spool):
                spool.discard()
    lost = [claim for claim in claims if claim.key not in files]
    still_known = {claim.key for claim in _claims(archive)} if lost else set()
    for claim, spool in zip(claims, spools, strict=True):
        place = archive.blobs.place(claim.key)
        if isinstance(spool, str):
            is_deleted = claim.key not in still_known
            yield Done(place, "deleted meanwhile" if is_deleted else "failed", "" if is_deleted else spool, 0)
        elif claim.key in failures:
            yield Done(place, "failed", failures[claim.key].message, 0)
        else:
            yield Done(place, "copied", "", claim.size)


def _spooled(source: Blobs, target: Blobs, claim: _Claim) -> Spool | str:
    """Return a file's bytes on their way to the target, or why they are not what they have to be."""
    spool = target.spool()
    try:
        for chunk in source.chunks(claim.key):
            spool.write(chunk)
            if spool.wants_flush:
                spool.flush()
        if has_digest(spool, claim.digest):
            return spool
        problem = "the file's content is not what was stored"
    except Unavailable as error:
        problem = error.message
    except OSError as error:
        problem = f"the file cannot be read: {error.strerror or error}"
    spool.discard()
    return problem
