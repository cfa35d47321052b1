"""How results come from a worker process: large arrays by shared memory, all else through the connection.

A pickled copy of a frame, and one more to read it from, would be in memory beside it. What is shared is
copied once, and is gone when the last array that lies there is.
"""

import mmap
import os
import pickle
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from multiprocessing import reduction
from multiprocessing.connection import Connection
from typing import Any

_SHARED_BYTES = 2**18  # of an array, from which on it is shared


def send(connection: Connection, value: Any) -> None:
    """Send any value that can be pickled; it is not changed any more afterwards."""
    shared: list[pickle.PickleBuffer] = []

    def stays(buffer: pickle.PickleBuffer) -> bool:
        is_small = buffer.raw().nbytes < _SHARED_BYTES
        if not is_small:
            shared.append(buffer)
        return is_small

    content = pickle.dumps(value, pickle.HIGHEST_PROTOCOL, buffer_callback=stays)
    parts = [buffer.raw() for buffer in shared]
    connection.send_bytes(pickle.dumps((content, [part.nbytes for part in parts])))
    if parts:
        with _shared_file() as descriptor:
            for part in parts:
                _write(descriptor, part)
            reduction.send_handle(connection, descriptor, None)


def receive(connection: Connection) -> Any:
    """Return the value that `send` sent; arrays that are shared can be read only.

    Raises:
        EOFError, OSError: the process at the other end is gone.
    """
    content, lengths = pickle.loads(connection.recv_bytes())  # noqa: S301 (from a module of ours)
    if not lengths:
        return pickle.loads(content)  # noqa: S301
    descriptor = reduction.recv_handle(connection)
    try:
        memory = memoryview(mmap.mmap(descriptor, sum(lengths), access=mmap.ACCESS_READ))
    finally:
        os.close(descriptor)
    return pickle.loads(content, buffers=_parts(memory, lengths))  # noqa: S301


def _parts(memory: memoryview, lengths: Sequence[int]) -> Iterator[memoryview]:
    start = 0
    for length in lengths:
        yield memory[start : start + length]
        start += length


@contextmanager
def _shared_file() -> Iterator[int]:
    """Lend a file without a name: in memory, where the system knows such files."""
    if hasattr(os, "memfd_create"):
        descriptor = os.memfd_create("frame")
        try:
            yield descriptor
        finally:
            os.close(descriptor)
    else:
        with tempfile.TemporaryFile(buffering=0) as file:
            yield file.fileno()


def _write(descriptor: int, part: memoryview) -> None:
    while part:
        part = part[os.write(descriptor, part) :]
