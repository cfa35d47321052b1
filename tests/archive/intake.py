"""Files on their way into an archive, without HTTP."""

from pathlib import Path

from service.archive import Archive, open_archive
from service.archive.files.local.local_blobs import LocalBlobs
from service.archive.files.spool import Spool
from service.archive.index.lookups.lookup import find
from service.archive.instance import Instance
from service.archive.stores.outcomes import Outcome
from service.dicom.instance import Uids
from service.scope import EVERYTHING

SMALL, LARGE = b"few bytes", bytes(range(256)) * 2**13


def spooled(folder: Path, content: bytes, chunk: int = 2**19) -> Spool:
    """Return a spool that bytes have arrived in, chunk by chunk."""
    spool = Spool(folder)
    for start in range(0, len(content), chunk):
        spool.write(content[start : start + chunk])
        if spool.wants_flush:
            spool.flush()
    return spool


def put(archive: Archive, *files: bytes, study: str | None = None) -> list[Outcome]:
    """Store files as one batch."""
    return archive.store.batch([spooled(archive.blobs.incoming, file) for file in files], study)


def uids(uid: str) -> Uids:
    """Return the identity of an instance given as study.series.instance."""
    study, series, _ = uid.split(".")
    return Uids(study, f"{study}.{series}", uid)


def stored(archive: Archive, uid: str, file: bytes) -> Instance:
    """Store a file, and return what the index says of it."""
    put(archive, file)
    return archive.index.read_now(find, EVERYTHING, uids(uid))


def files(archive: Archive) -> list[bytes]:
    """Return all files of the tree."""
    return [tree(archive).path(key).read_bytes() for key in keys(archive)]


def keys(archive: Archive) -> list[str]:
    """Return the keys of all files."""
    return [file.key for file in archive.blobs.list()]


def tree(archive: Archive) -> LocalBlobs:
    """Return the files of an archive that has them in a folder."""
    assert isinstance(archive.blobs, LocalBlobs)
    return archive.blobs


def note(archive: Archive, *keys: str) -> None:
    """Note files as under way, and say no more of them: as a store that has been killed."""
    archive.leftovers.notes.write(keys)


def another_process(archive: Archive) -> Archive:
    """Open the same archive a second time, as another process would; this one may replace."""
    url = archive.index.engine.url.render_as_string(hide_password=False)
    return open_archive(url, archive.blobs.incoming.parent, replace=True)
