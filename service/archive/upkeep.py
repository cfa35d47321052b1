"""Work on the whole archive: import a folder, rebuild the index from the files, compare files with it.

Each yields what became of one file after the other, for whoever shows progress.
"""

from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path
from threading import Event
from typing import NamedTuple

from service.archive import Archive
from service.archive.clutter import is_clutter
from service.archive.files.blobs import LocalBlobs
from service.archive.files.spool import Spool
from service.archive.index.changes import remove_all
from service.archive.index.doomed import doomed_blobs
from service.archive.index.labels import NOBODY, Owner
from service.archive.index.lookup import stored_files
from service.archive.instance import uids_of
from service.archive.store import Outcome, Stored
from service.dicom.instance import OUT_OF_RESOURCES

_BATCH_BYTES = 8 * 2**20
_BATCH_FILES = 64
_READ_BYTES = 2**20


class Done(NamedTuple):
    """What became of one file.

    Attributes:
        file: its path.
        result: one word for it, as in "stored".
        problem: what is wrong with it; empty if nothing.
        size: in bytes.
    """

    file: Path
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
    for batch in _batches(files):
        if stop and stop.is_set():
            return
        spools = [_spooled(archive.blobs, file) for file in batch]
        sizes = [spool.size for spool in spools]
        for file, outcome, size in zip(batch, archive.store.batch(spools, owner=owner), sizes, strict=True):
            yield _done(file, outcome, size)


def reindex(archive: Archive) -> Iterator[Done]:
    """Empty the index and fill it again from the files of the tree, which stay as they are.

    A crash may have left two files of one instance: the rule for conflicts decides between them, in the order
    in which they were written. The other one stays in the tree, and is named. Until the end the index is
    noted to be incomplete, and beyond it if files could not be entered that another time might be.
    """
    archive.completeness.doubt()
    archive.index.write_now(remove_all)
    doomed = set(archive.index.read_now(doomed_blobs))
    is_complete = True
    for batch in _batches(_in_order_of_writing(archive.blobs, doomed)):
        keys = [path.relative_to(archive.blobs.folder).as_posix() for path in batch]
        for file, outcome in zip(batch, archive.store.adopt(keys), strict=True):
            is_complete &= isinstance(outcome, Stored) or outcome.reason != OUT_OF_RESOURCES
            yield _done(file, outcome, _size(file))
    if is_complete:
        archive.completeness.confirm()


def verify(archive: Archive, *, repair: bool = False) -> Iterator[Done]:
    """Compare every stored file with the digest in the index, and the tree with the index's rows.

    What a store has left that was never answered is no fault.

    Args:
        archive: that is looked through.
        repair: whether such files are removed. Where the index is known to be incomplete, they stay.
    """
    indexed: set[str] = set()
    for blob, size, digest in archive.index.read_now(stored_files):
        indexed.add(blob)
        yield _compared(archive.blobs.path(blob), size, digest)
    unclaimed = [blob for blob in archive.blobs.all_keys() if blob not in indexed]
    is_complete = archive.completeness.is_certain
    done = [_unclaimed(archive.blobs, blob, is_complete=is_complete) for blob in unclaimed]
    if repair and is_complete:
        archive.blobs.sweep()
        archive.leftovers.remove(unclaimed)
        done = [one if one.file.exists() else one._replace(result="removed") for one in done]
    yield from done


def _unclaimed(blobs: LocalBlobs, blob: str, *, is_complete: bool) -> Done:
    """Return what is to be said of a file that is not in the index."""
    path = blobs.path(blob)
    if not is_complete:
        return Done(
            path, "unknown", "the file is not in the index, which is incomplete: run reindex", _size(path)
        )
    if uids_of(blob) is None:
        return Done(path, "unknown", "the file is not in the index", _size(path))
    return Done(path, "left over", "", _size(path))


def _compared(path: Path, size: int, digest: bytes) -> Done:
    try:
        with path.open("rb") as file:
            digest_now = file_digest(file, "sha256").digest()
    except OSError as error:
        return Done(path, "missing", f"the file cannot be read: {error.strerror}", size)
    if digest_now != digest:
        return Done(path, "damaged", "the file's content is not what was stored", size)
    return Done(path, "intact", "", size)


def _done(file: Path, outcome: Outcome, size: int) -> Done:
    if isinstance(outcome, Stored):
        return Done(file, outcome.entered.value, "", size)
    return Done(file, "refused", outcome.message, size)


def _batches(files: Iterable[Path]) -> Iterator[list[Path]]:
    """Yield files in groups that are worth a transaction and do not fill the memory."""
    batch: list[Path] = []
    size = 0
    for file in files:
        batch.append(file)
        size += _size(file)
        if len(batch) >= _BATCH_FILES or size >= _BATCH_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _spooled(blobs: LocalBlobs, path: Path) -> Spool:
    """Return a file's bytes on their way in. A file that cannot be read has none, and is refused then."""
    spool = blobs.spool()
    with suppress(OSError), path.open("rb") as file:
        while chunk := file.read(_READ_BYTES):
            spool.write(chunk)
            if spool.wants_flush:
                spool.flush()
    return spool


def _in_order_of_writing(blobs: LocalBlobs, doomed: Container[str]) -> list[Path]:
    keys = (key for key in blobs.all_keys() if key not in doomed)
    return sorted(map(blobs.path, keys), key=lambda path: path.lstat().st_mtime_ns)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
