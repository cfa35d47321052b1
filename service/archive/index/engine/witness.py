"""Who notes what is written, in the transaction that writes it: an event is then as durable as the write."""

from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any, ParamSpec, Protocol, TypeVar

import sqlalchemy as sa

from service.archive.index.engine.inline_reads import IndexFunction
from service.dicom.instance import Uids

P = ParamSpec("P")
T = TypeVar("T")

Note = Callable[[sa.Connection, Any], None]
"""Notes the result of what has just been written, in the same transaction."""


class Witness(Protocol):
    """Notes what instances come and go by one request."""

    def stored(self, connection: sa.Connection, uids: Sequence[Uids]) -> None:
        """Note instances that are here now; the transaction may still fail."""

    def committed(self) -> None:
        """Take as certain what was noted last."""

    def deleting(self, connection: sa.Connection, uids: Sequence[Uids]) -> None:
        """Note instances that are still here, and about to go."""


def noted(function: IndexFunction[P, T], note: Note | None) -> IndexFunction[P, T]:
    """Return a writing function that is followed by a note of its result, in the same transaction."""
    if note is None:
        return function

    @wraps(function)
    def write_and_note(connection: sa.Connection, /, *args: P.args, **kwargs: P.kwargs) -> T:
        result = function(connection, *args, **kwargs)
        note(connection, result)
        return result

    return write_and_note
