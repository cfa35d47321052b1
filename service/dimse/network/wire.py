"""Messages of our own over an association: many fragments at a time, and never all of them.

pynetdicom has a message in memory as a whole, and takes as long for each fragment as reading a megabyte does.
Here fragments are made of what comes in chunks, and go out some hundred kilobytes at a time.
"""

import struct
from collections.abc import Iterable, Iterator
from typing import Any

from service.dimse.network.association import Association
from service.dimse.network.commands import DATA_SET_TYPE, NO_DATA_SET, WITH_DATA_SET, Command, encoded

_BURST_BYTES = 2**18
_LARGEST_FRAGMENT = 2**18  # bytes, also of peers that take longer PDUs
_OVERHEAD = 6  # bytes of a PDU's data that are its item's header
_HEAD = struct.Struct(">BxLLBB")
_P_DATA = 4
_COMMAND, _LAST = 1, 2  # bits of a message control header: PS3.8 E.2


class ConnectionLost(Exception):
    """The association has ended, by whomever, or takes nothing any more."""


class Wire:
    """Sends and receives messages over an established association, in its thread."""

    def __init__(self, association: Association) -> None:
        self.association = association
        most = association.dimse.maximum_pdu_size or _LARGEST_FRAGMENT
        self._fragment_bytes = max(2, min(most - _OVERHEAD, _LARGEST_FRAGMENT) // 2 * 2)

    def send(
        self,
        context_id: int,
        command: Command,
        data_set: Iterable[bytes] | None = None,
    ) -> None:
        """Send a message.

        Args:
            context_id: of the presentation context.
            command: without Command Data Set Type.
            data_set: encoded, in chunks of any size; None for a message without.

        Raises:
            ConnectionLost: the association has ended.
        """
        kind = NO_DATA_SET if data_set is None else WITH_DATA_SET
        pdus = bytearray(_command_pdu(context_id, command, kind))
        fragments = () if data_set is None else _fragments(data_set, self._fragment_bytes)
        for fragment, is_last in fragments:
            if len(pdus) >= _BURST_BYTES:
                self._put(pdus)
                pdus = bytearray()
            pdus += _pdu(context_id, _LAST if is_last else 0, fragment)
        self._put(pdus)

    def send_all(
        self, context_id: int, command: Command, data_sets: Iterable[bytes], last: Command | None = None
    ) -> None:
        """Send short messages that differ in their data sets alone, many at a time.

        Args:
            context_id: of the presentation context.
            command: of each, without Command Data Set Type.
            data_sets: encoded, each of an even number of bytes.
            last: of a message without a data set that goes out with them, after them.

        Raises:
            ConnectionLost: the association has ended.
        """
        heads = _Heads(context_id, command)
        pdus, size = list[bytes](), 0
        for data_set in data_sets:
            if len(data_set) <= self._fragment_bytes:
                pdus += heads[len(data_set)], data_set
            else:
                pdus.append(heads.command)
                for fragment, is_last in _fragments((data_set,), self._fragment_bytes):
                    pdus.append(_pdu(context_id, _LAST if is_last else 0, fragment))
            size += len(data_set)
            if size >= _BURST_BYTES:
                self._put(b"".join(pdus))
                pdus, size = [], 0
        if last is not None:
            pdus.append(_command_pdu(context_id, last, NO_DATA_SET))
        if pdus:
            self._put(b"".join(pdus))

    def receive(self) -> Any:
        """Return the next message that the peer sends, as a primitive of pynetdicom.

        Raises:
            ConnectionLost: the association has ended, or nothing came in time.
        """
        _, message = self.association.dimse.get_msg(block=True)
        if message is None:
            self.break_off()
            raise ConnectionLost
        return message

    def is_cancelled(self, message_id: int) -> bool:
        """Tell whether the peer has cancelled a request of its own; what it has sent by now is read."""
        self.association.dul.work(0)
        return message_id in self.association.dimse.cancel_req

    def break_off(self) -> None:
        """Abort the association, if it is still there."""
        if self.is_open:
            self.association.abort()
        self.association.is_established = False

    @property
    def is_open(self) -> bool:
        """Whether the association can still be used."""
        association = self.association
        return association.is_established and association.dul.is_alive() and not association.acse.is_aborted()

    def _put(self, pdus: bytes | bytearray) -> None:
        try:
            self.association.dul.send_pdus(pdus)
        except ConnectionError as error:
            self.break_off()
            raise ConnectionLost from error


class _Heads(dict[int, bytes]):
    """What comes before the data set of a short message, by its length.

    Attributes:
        command: the PDU of its command.
    """

    def __init__(self, context_id: int, command: Command) -> None:
        super().__init__()
        self.command = _command_pdu(context_id, command, WITH_DATA_SET)
        self._context_id = context_id

    def __missing__(self, length: int) -> bytes:
        self[length] = head = self.command + _head(self._context_id, _LAST, length)
        return head


def _command_pdu(context_id: int, command: Command, data_set_type: int) -> bytes:
    return _pdu(context_id, _COMMAND | _LAST, encoded({**command, DATA_SET_TYPE: data_set_type}))


def _pdu(context_id: int, control: int, fragment: bytes | memoryview) -> bytes:
    return b"".join((_head(context_id, control, len(fragment)), fragment))


def _head(context_id: int, control: int, length: int) -> bytes:
    """Return what comes before a fragment: a P-DATA-TF PDU with one item. PS3.8 9.3.5, E.2."""
    return _HEAD.pack(_P_DATA, length + 6, length + 2, context_id, control)


def _fragments(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes | memoryview, bool]]:
    """Yield fragments of at most this many bytes, and whether each is the last; an empty one of no bytes.

    Each is of even length: a deflated data set of odd length, or a broken one, ends with a NUL. PS3.5 A.5.
    """
    waiting: bytes | memoryview = b""
    for chunk in chunks:
        view = memoryview(b"".join((waiting, chunk)) if waiting else chunk)
        start = 0
        while len(view) - start > size:
            yield view[start : start + size], False
            start += size
        waiting = view[start:]
    yield (b"".join((waiting, b"\0")) if len(waiting) % 2 else waiting), True
