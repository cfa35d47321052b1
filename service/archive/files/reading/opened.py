"""Stored files, opened to be read: whole, or not at all.

A file that has been cut is noticed when it is opened, before anything is answered. What goes wrong while it
is read has the name of what has become of the instance.
"""

import logging
import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

import anyio.to_thread

from service.archive.files.blobs import Blobs, OpenFile
from service.archive.files.lengths import check_length
from service.archive.instance import Instance
from service.dicom.encoding.elements import Malformed
from service.errors import DamagedFile, InstanceGone, Refusal
from service.troubles import trouble

_log = logging.getLogger(__name__)


@contextmanager
def opened(blobs: Blobs, instance: Instance) -> Iterator[OpenFile]:
    """Lend a stored file to be read, and say of what fails there what has become of its instance.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is shorter or longer than what was stored, or cannot be understood any more.
        Unavailable: it cannot be read at the moment.
    """
    with _Named(instance), blobs.open(instance.blob, instance.size) as file:
        yield file


@contextmanager
def opened_together(blobs: Blobs, instances: Iterable[Instance]) -> Iterator[Sequence[OpenFile]]:
    """Lend stored files as `opened` lends one, but say nothing of what fails later.

    Raises:
        InstanceGone, DamagedFile, Unavailable: as `opened` does.
    """
    files: list[OpenFile] = []
    try:
        for instance in instances:
            with _Named(instance):
                files.append(blobs.open(instance.blob, instance.size))
        yield files
    finally:
        for file in files:  # none fails to be closed: they are only read
            file.__exit__(None, None, None)


async def check_in_thread(blobs: Blobs, instances: Collection[Instance]) -> None:
    """Do what `check_files` does, in a worker thread.

    Raises:
        InstanceGone, DamagedFile, Unavailable: as `opened` does.
    """
    await anyio.to_thread.run_sync(check_files, blobs, instances, limiter=blobs.limiter)


def check_files(blobs: Blobs, instances: Collection[Instance]) -> None:
    """Return if these files are as long as what was stored: before an answer with many of them begins.

    Raises:
        InstanceGone, DamagedFile, Unavailable: as `opened` does.
    """
    keys = [instance.blob for instance in instances]  # one may be there twice
    size = blobs.sizes({key: instance.size for key, instance in zip(keys, instances, strict=True)})
    for key, instance in zip(keys, instances, strict=True):
        with _Named(instance):
            check_length(size(key), instance.size)


class _Named:
    """Says of what fails within it what has become of an instance."""

    __slots__ = ("_instance",)

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def __enter__(self) -> None:
        pass

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        match error:
            case FileNotFoundError():
                raise InstanceGone(self._instance.uids.instance) from error
            case DamagedFile():
                _log.error("%s: %s", self._instance.blob, error.message)
            case OSError():
                _log.error("%s cannot be read: %s", self._instance.blob, error.strerror)
                raise trouble("the stored file cannot be read", error) from error
            case Malformed() | Refusal() | EOFError() | zlib.error():
                what = "cannot be understood any more"
                _log.error("%s %s: %s", self._instance.blob, what, type(error).__name__)
                raise DamagedFile(f"it {what}") from error
