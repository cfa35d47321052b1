"""Many files, in groups that are worth doing together and do not fill the memory."""

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

T = TypeVar("T")


def batches(
    files: Iterable[T], size_of: Callable[[T], int], max_files: int, max_bytes: int
) -> Iterator[list[T]]:
    """Yield files in groups of so many, or of so many bytes and a file more."""
    batch: list[T] = []
    size = 0
    for file in files:
        batch.append(file)
        size += size_of(file)
        if len(batch) >= max_files or size >= max_bytes:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch
