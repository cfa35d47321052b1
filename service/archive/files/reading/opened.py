"""Stored files, opened to be read: whole, or not at all.

A file that has been cut is noticed when it is opened, before anything is answered. What goes wrong while it
is read has the name of what has become of the instance.
"""

import logging
import zlib
from collections.abc import Collection, Iterator
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
    with _named(instance), blobs.open(instance.blob, instance.size) as file:
        yield file


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
    size = blobs.sizes({instance.blob: instance.size for instance in instances})
    for instance in instances:
        with _named(instance):
            check_length(size(instance.blob), instance.size)


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
