"""Where writers of pyarrow write to: memory that is taken away portion by portion, or a temporary file."""

import io
import os
import weakref
from tempfile import TemporaryFile
from typing import Any

from blake3 import blake3

from service.errors import ContentTooLarge


class Portions(io.RawIOBase):
    """Bytes that have been written, and were not taken yet."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, content: Any) -> int:
        """Take bytes."""
        self._parts.append(bytes(content))
        self._size += len(content)
        return len(content)

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._size

    def taken(self) -> bytes:
        """Return what has been written since the last time."""
        content = b"".join(self._parts)
        self._parts.clear()
        return content


class TemporaryTable:
    """A file that nobody else can see, open as long as anybody has this.

    Attributes:
        descriptor: to read it by.
        size: in bytes.
        digest: of its content.
    """

    def __init__(self, descriptor: int, size: int, digest: bytes) -> None:
        self.descriptor = descriptor
        self.size = size
        self.digest = digest
        weakref.finalize(self, os.close, descriptor)


class FileSink(io.RawIOBase):
    """A temporary file that is written.

    Args:
        max_bytes: that it may have.
    """

    def __init__(self, max_bytes: int) -> None:
        self._file = TemporaryFile(buffering=2**18)  # noqa: SIM115 (`close` closes it)
        self._max_bytes = max_bytes
        self._size = 0
        self._digest = blake3()
        self._is_given_up = False

    def writable(self) -> bool:
        """Tell that it can be written to."""
        return True

    def write(self, content: Any) -> int:
        """Write bytes.

        Raises:
            ContentTooLarge: the file would be too long.
        """
        if self._is_given_up:
            return len(content)
        self._size += len(content)
        if self._size > self._max_bytes:
            raise ContentTooLarge(
                f"a table of more than {self._max_bytes} bytes: expected fewer rows, or an Arrow stream"
            )
        self._digest.update(content)
        self._file.write(content)
        return len(content)

    def tell(self) -> int:
        """Return how many bytes have been written."""
        return self._size

    def close(self) -> None:
        """Let go of the file; what a writer still has to say is not written any more."""
        self._is_given_up = True
        self._file.close()

    def finished(self) -> TemporaryTable:
        """Return what has been written, to be read."""
        self._file.flush()
        return TemporaryTable(os.dup(self._file.fileno()), self._size, self._digest.digest())
