"""Connections that stay open between two uses: a pool takes as long to lend one as several statements do."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import sqlalchemy as sa


class KeptConnections:
    """Lends connections, each to one user at a time.

    Args:
        connect: opens one.
        number: of those that stay open while nobody uses them.
    """

    def __init__(self, connect: Callable[[], sa.Connection], number: int) -> None:
        self._connect = connect
        self._number = number
        self._idle: list[sa.Connection] = []

    @contextmanager
    def lent(self) -> Iterator[sa.Connection]:
        """Lend a connection. After an error none stays: what has cut one has cut the others too."""
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connect()
        try:
            yield connection
            if connection.in_transaction():
                connection.rollback()
        except BaseException:
            connection.close()
            self.close()
            raise
        if len(self._idle) < self._number:
            self._idle.append(connection)
        else:
            connection.close()

    def close(self) -> None:
        """Close those that nobody uses."""
        with suppress(IndexError):
            while True:
                self._idle.pop().close()
