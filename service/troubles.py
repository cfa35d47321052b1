"""What the operating system denies, in words: a full disk, a read-only one, no descriptors left.

All of it may pass, so that it is answered with 503. The messages name no file: its name may be a patient's.
"""

import errno

from service.errors import Unavailable

_WORDS = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "too large",
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "the system does not permit it",
    errno.EPERM: "the system does not permit it",
    errno.EIO: "the disk fails",
    errno.EMFILE: "too many files are open",
    errno.ENFILE: "too many files are open",
    errno.ENOMEM: "the memory is used up",
    errno.EAGAIN: "too many processes are running",
}


def is_trouble(error: OSError) -> bool:
    """Tell whether the system denied what it may grant another time."""
    return error.errno in _WORDS


def trouble(what: str, error: OSError) -> Unavailable:
    """Return the error that says what cannot be done, and why."""
    return Unavailable(f"{what}: {_WORDS.get(error.errno or 0, error.strerror or type(error).__name__)}")
