"""Writing a new file past the page cache, where the system can.

What a modality sends is seldom read in the next seconds. The page cache would copy every byte, find memory
for it, which on a virtual machine may cost more than all parsing, and push out what is being read. So whole
pages go to the disk straight from an aligned buffer, and what is left is written as usual.
"""

import errno
import fcntl
import mmap
import os
from collections.abc import Callable
from pathlib import Path

from service.dicom.encoding.elements import Buffer

_PAGE = 4096  # bytes; a multiple of what disks want writes aligned to
_MIN_DIRECT = 2**16  # bytes from which going to the disk by itself costs less
_BUFFER_BYTES = 2**19
_DIRECT: int = getattr(os, "O_DIRECT", 0)  # Linux

_spare_buffers: list[mmap.mmap] = []  # aligned buffers; as many as there ever were threads that wrote at once


def write_past_cache(descriptor: int, data: Buffer) -> None:
    """Write bytes to the descriptor of a new, empty file; they may still have to be synced.

    Raises:
        OSError: the disk is full, or fails.
    """
    pages_end, written = len(data) // _PAGE * _PAGE, 0
    if pages_end >= _MIN_DIRECT and _set_direct(descriptor, on=True):
        try:
            written = _write_pages(descriptor, data, pages_end)
        finally:
            _set_direct(descriptor, on=False)
    write_all(descriptor, memoryview(data)[written:])


def write_new(path: str | Path, data: Buffer, write: Callable[[int, Buffer], None]) -> None:
    """Write a new file, past the page cache or through it, as one of these functions does.

    Raises:
        OSError: it is there already, or the disk does not take it.
    """
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)  # less what the umask takes
    try:
        write(descriptor, data)
    finally:
        os.close(descriptor)


def write_all(descriptor: int, data: Buffer | memoryview) -> None:
    """Write bytes through the page cache."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _write_pages(descriptor: int, data: Buffer, end: int) -> int:
    """Write the first `end` bytes, or fewer where the file system wants them aligned otherwise.

    Returns:
        How many.
    """
    aligned = _spare_buffers.pop() if _spare_buffers else mmap.mmap(-1, _BUFFER_BYTES)
    try:
        for start in range(0, end, _BUFFER_BYTES):
            length = min(_BUFFER_BYTES, end - start)
            aligned[:length] = memoryview(data)[start : start + length]
            with memoryview(aligned) as view:
                write_all(descriptor, view[:length])
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return os.lseek(descriptor, 0, os.SEEK_CUR)
    finally:
        _spare_buffers.append(aligned)
    return end


def _set_direct(descriptor: int, *, on: bool) -> bool:
    """Turn direct writing on or off, and nothing else on; tell whether that can be done here."""
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETFL, _DIRECT if on else 0)
    except OSError:
        return False
    return bool(_DIRECT)
