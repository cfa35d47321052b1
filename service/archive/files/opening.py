"""Where the stored files are: a folder, or an object store that a URL names."""

from pathlib import Path

from service.archive.files.blobs import Blobs
from service.archive.files.local.local_blobs import LocalBlobs
from service.archive.files.objects.disk_cache import DiskCache
from service.archive.files.objects.object_blobs import ObjectBlobs
from service.archive.files.objects.object_store import ObjectStore


def open_blobs(folder: Path, url: str | None = None, cache_bytes: int = 0) -> Blobs:
    """Return the stored files.

    Args:
        folder: of this machine: where files arrive, and where they stay if there is no object store.
        url: of an object store; None for the folder.
        cache_bytes: of objects that are kept in the folder to be read again.

    Raises:
        DicomwebError: the URL cannot be used, or what it takes is not installed.
        OSError: the folder cannot be made.
    """
    if url is None:
        return LocalBlobs(folder)
    cache = DiskCache(folder / "cache", cache_bytes) if cache_bytes else None
    return ObjectBlobs(ObjectStore(url), folder, cache)
