"""Answers that were made last: the same thumbnail is asked for by everyone who opens the list."""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T")


class Kept(Generic[T]):
    """Made answers, least recently asked for first. For the event loop's thread alone.

    A key names everything an answer depends on, so that an entry can be forgotten but never wrong.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._answers: OrderedDict[Hashable, tuple[T, int]] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> T | None:
        """Return an answer that is kept."""
        found = self._answers.get(key)
        if found is None:
            return None
        self._answers.move_to_end(key)
        return found[0]

    def keep(self, key: Hashable, answer: T, size: int) -> None:
        """Keep an answer of this many bytes for as long as there is room; one that has none is not kept."""
        if size > self._max_bytes:
            return
        _, before = self._answers.pop(key, (None, 0))
        self._bytes += size - before
        self._answers[key] = answer, size
        while self._bytes > self._max_bytes:
            _, (_, oldest) = self._answers.popitem(last=False)
            self._bytes -= oldest
