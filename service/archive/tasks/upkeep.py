"""Work on the whole archive: import a folder, rebuild the index from the files, compare files with it.

Each yields what became of one file after the other, for whoever shows progress.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Event
from typing import NamedTuple

from service.archive import Archive
from service.archive.batches import batches
from service.archive.consistency.clutter import is_clutter
from service.archive.files.blobs import Blobs, StoredFile
from service.archive.files.spool import Spool
from service.archive.index.lookups.doomed import doomed_blobs
from service.archive.index.lookups.lookup import stored_files
from service.archive.index.owners.labels import NOBODY, Owner
from service.archive.index.writes.changes import remove_all
from service.archive.instance import uids_of
from service.archive.stores.outcomes import Outcome, Stored
from service.dicom.instance import OUT_OF_RESOURCES
from service.errors import Unavailable

_BATCH_BYTES = 8 * 2**20
_BATCH_FILES = 64
_READ_BYTES = 2**20


class Done(NamedTuple):
    """What became of one file.

    Attributes:
        file: its path, or its URL.
        result: one word for it, as in "stored".
        problem: what is wrong with it; empty if nothing.
        size: in bytes.
    """

    file: Path | str
    result: str
    problem: str
    size: int


def files_below(folder: Path) -> list[Path]:
    """Return all files below a folder but for clutter, or the file itself, in the order of their names."""
    return look_through(folder)[0]


def look_through(folder: Path) -> tuple[list[Path], list[Done]]:
    """Return the files below a folder, or the file itself, and the clutter among them that is passed over."""
    files: list[Path] = []
    clutter: list[Done] = []
    for path in [folder] if folder.is_file() else sorted(filter(Path.is_file, folder.rglob("*"))):
        if is_clutter(path.relative_to(folder)):
            clutter.append(Done(path, "passed over", "", 0))
        else:
            files.append(path)
    return files, clutter


def import_files(
    archive: Archive, files: Iterable[Path], stop: Event | None = None, owner: Owner = NOBODY
) -> Iterator[Done]:
    """Store files, as if each had been sent by STOW-RS.

    Args:
        archive: that gets them.
        files: in any number.
        stop: once it is set, no further files are begun.
        owner: on whose behalf they are stored.
    """
    for batch in batches(files, _size, _BATCH_FILES, _BATCH_BYTES):
        if stop and stop.is_set():
            return
        spools = [_spooled(archive.blobs, file) for file in batch]
        sizes = [spool.size for spool in spools]
        for file, outcome, size in zip(batch, archive.store.batch(spools, owner=owner), sizes, strict=True):
            yield _done(file, outcome, size)


def reindex(archive: Archive, files: Sequence[StoredFile] | None = None) -> Iterator[Done]:
    """Empty the index and fill it again from the stored files, which stay as they are.

    A crash may have left two files of one instance: the rule for conflicts decides between them, in the order
    in which they were written. The other one stays, and is named. Until the end the index is noted to be
    incomplete, and beyond it if files could not be entered that another time might be.

    Args:
        archive: whose index is made again.
        files: all that are stored, if they are listed already.
    """
    archive.completeness.doubt()
    archive.index.write_now(remove_all)
    doomed = set(archive.index.read_now(doomed_blobs))
    is_complete = True
    listed = archive.blobs.list() if files is None else files
    kept = sorted((file for file in listed if file.key not in doomed), key=lambda file: file.modified)
    for batch in batches(kept, lambda file: file.size, _BATCH_FILES, _BATCH_BYTES):
        for file, outcome in zip(batch, archive.store.adopt([file.key for file in batch]), strict=True):
            is_complete &= isinstance(outcome, Stored) or outcome.reason != OUT_OF_RESOURCES
            yield _done(archive.blobs.place(file.key), outcome, file.size)
    if is_complete:
        archive.completeness.confirm()


def verify(archive: Archive, *, repair: bool = False) -> Iterator[Done]:
    """Compare every stored file with the digest in the index, and the tree with the index's rows.

    What a store has left that was never answered is no fault.

    Args:
        archive: that is looked through.
        repair: whether such files are removed. Where the index is known to be incomplete, they stay.
    """
    blobs = archive.blobs
    claims = archive.index.read_now(stored_files)
    yield from blobs.each(partial(_compared, blobs), claims)
    indexed = {blob for blob, _, _ in archive.index.read_now(stored_files)} | {blob for blob, _, _ in claims}
    is_complete = archive.completeness.is_certain
    unclaimed = [file for file in blobs.list() if file.key not in indexed]
    left: set[str] = set()
    if repair and is_complete:
        blobs.sweep()
        archive.leftovers.remove([file.key for file in unclaimed])
        left = {file.key for file in blobs.list()} if unclaimed else left
    for file in unclaimed:
        done = _unclaimed(blobs, file, is_complete=is_complete)
        is_removed = repair and is_complete and file.key not in left
        yield done._replace(result="removed") if is_removed else done


def _unclaimed(blobs: Blobs, file: StoredFile, *, is_complete: bool) -> Done:
    """Return what is to be said of a file that is not in the index."""
    place, size = blobs.place(file.key), file.size
    if not is_complete:
        problem = "the file is not in the index, which is incomplete: run reindex"
        return Done(place, "unknown", problem, size)
    if uids_of(file.key) is None:
        return Done(place, "unknown", "the file is not in the index", size)
    return Done(place, "left over", "", size)


def _compared(blobs: Blobs, claim: tuple[str, int, bytes]) -> Done:
    """Return what is to be said of a file that is in the index."""
    blob, size, digest = claim
    place = blobs.place(blob)
    try:
        digest_now = blobs.digest(blob, digest)
    except OSError as error:
        return Done(place, "missing", f"the file cannot be read: {error.strerror or error}", size)
    except Unavailable as error:
        return Done(place, "unread", error.message, size)
    if digest_now != digest:
        return Done(place, "damaged", "the file's content is not what was stored", size)
    return Done(place, "intact", "", size)


def _done(file: Path | str, outcome: Outcome, size: int) -> Done:
    if isinstance(outcome, Stored):
        return Done(file, outcome.entered.value, "", size)
    return Done(file, "refused", outcome.message, size)


def _spooled(blobs: Blobs, path: Path) -> Spool:
    """Return a file's bytes on their way in. A file that cannot be read has none, and is refused then."""
    spool = blobs.spool()
    with suppress(OSError), path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            spool.write(chunk)
            if spool.wants_flush:
                spool.flush()
    return spool


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
