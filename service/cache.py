"""What was made or looked up last, kept while there is room for it."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cache(Generic[T]):
    """Values by key, the one asked for last stays longest. For the event loop's thread alone.

    A key names everything a value depends on, so that an entry can be forgotten but never wrong.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._values: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> T | None:
        """Return a value that is kept."""
        entry = self._values.get(key)
        if entry is None:
            return None
        self._values.move_to_end(key)
        return entry[0]

    def keep(self, key: Hashable, value: T, size: int) -> None:
        """Keep a value of this many bytes for as long as there is room; one that has none is not kept."""
        if size > self._max_bytes:
            return
        self.forget(key)
        self._values[key] = value, size
        self._bytes += size
        while self._bytes > self._max_bytes:
            _, (_, oldest) = self._values.popitem(last=False)
            self._bytes -= oldest

    def forget(self, key: Hashable) -> None:
        """Keep a value no longer."""
        _, size = self._values.pop(key, (None, 0))
        self._bytes -= size
