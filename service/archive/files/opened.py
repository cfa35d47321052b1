"""Stored files, opened to be read: whole, or not at all.

A file that has been cut is noticed when it is opened, before anything is answered. What goes wrong while it
is read has the name of what has become of the instance.
"""

import logging
import os
import stat
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from service.archive.files.blobs import LocalBlobs
from service.archive.instance import Instance
from service.dicom.encoding.elements import Malformed
from service.errors import DamagedFile, InstanceGone, Refusal
from service.troubles import trouble

_MAX_READ = 2**30  # bytes; the system reads no more than twice as much at once

_log = logging.getLogger(__name__)


@contextmanager
def opened(blobs: LocalBlobs, instance: Instance) -> Iterator[int]:
    """Lend a descriptor of a stored file, and say of what fails there what has become of its instance.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is shorter or longer than what was stored, or cannot be understood any more.
        Unavailable: the system does not let it be read.
    """
    with _named(instance):
        descriptor = blobs.open(instance.blob)
        try:
            check_length(os.fstat(descriptor), instance)
            yield descriptor
        finally:
            os.close(descriptor)


def check_files(blobs: LocalBlobs, instances: Iterable[Instance]) -> None:
    """Return if these files are as long as what was stored: before an answer with many of them begins.

    Raises:
        InstanceGone, DamagedFile, Unavailable: as `opened` does.
    """
    for instance in instances:
        with _named(instance):
            check_length(blobs.path(instance.blob).stat(), instance)


def check_length(found: os.stat_result, instance: Instance) -> None:
    """Return if this is a file as long as what was stored.

    Raises:
        DamagedFile: it is not.
    """
    if not stat.S_ISREG(found.st_mode):
        raise DamagedFile("another thing than a file is in its place")
    if found.st_size != instance.size:
        raise DamagedFile(f"it has {found.st_size} bytes, expected {instance.size}")


def read_fully(descriptor: int, length: int, offset: int) -> bytes:
    """Return a run of bytes of an open file.

    Raises:
        DamagedFile: the file ends before.
        Unavailable: the system does not let it be read.
    """
    try:
        content = os.pread(descriptor, min(length, _MAX_READ), offset)
        if len(content) == length:
            return content
        chunks = [content]
        while content and (length := length - len(content)):
            offset += len(content)
            content = os.pread(descriptor, min(length, _MAX_READ), offset)
            chunks.append(content)
    except OSError as error:
        raise trouble("the stored file cannot be read", error) from error
    if length:
        raise DamagedFile(f"{length} bytes are missing at its end")
    return b"".join(chunks)


@contextmanager
def _named(instance: Instance) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise InstanceGone(instance.uids.instance) from error
    except DamagedFile as error:
        _log.error("%s: %s", instance.blob, error.message)
        raise
    except OSError as error:
        _log.error("%s cannot be read: %s", instance.blob, error.strerror)
        raise trouble("the stored file cannot be read", error) from error
    except (Malformed, Refusal, EOFError, zlib.error) as error:
        _log.error("%s cannot be understood any more: %s", instance.blob, type(error).__name__)
        raise DamagedFile("it cannot be understood any more") from error
