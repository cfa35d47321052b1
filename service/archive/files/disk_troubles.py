"""What the system denies to who writes files, as one error."""

import errno
import logging
from contextlib import AbstractContextManager
from types import TracebackType

from service.errors import TooLargeForDisk
from service.troubles import trouble

_log = logging.getLogger(__name__)


class _DiskTroubles:
    """Turns what the system denies into `Unavailable`; a generator would take several times as long."""

    def __enter__(self) -> None:
        """Nothing is wrong yet."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not isinstance(error, OSError) or isinstance(error, FileNotFoundError):
            return
        _log.error("a file cannot be kept: %s", error.strerror)
        if error.errno == errno.EFBIG:
            raise TooLargeForDisk("the file cannot be kept: it is longer than the disk takes") from error
        raise trouble("the file cannot be kept", error) from error


_DISK_TROUBLES = _DiskTroubles()


def disk_troubles() -> AbstractContextManager[None]:
    """Turn what the system denies, as where the disk is full or read-only, into `Unavailable`.

    That a folder is not there is left to the caller.
    """
    return _DISK_TROUBLES
