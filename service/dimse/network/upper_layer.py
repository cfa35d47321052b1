"""The upper layer of one association, worked by the thread that has the association: PS3.8 9.

pynetdicom gives each association a second thread, which looks a thousand times a second whether there is
anything to do. Here the thread of the association does all itself: it waits for the peer, reads a PDU, and
acts on it. A PDU has a greatest length and a time in which it has to come whole.
"""

import logging
import select
import socket
import ssl
import struct
from contextlib import suppress
from time import monotonic
from typing import Any, Protocol

from pynetdicom.dul import DULServiceProvider
from pynetdicom.pdu import A_ABORT_RQ

_HEAD = struct.Struct(">BxI")
_FRAGMENT_HEAD = struct.Struct(">IBB")
_P_DATA = 4
_QUICK_ACK = getattr(socket, "TCP_QUICKACK", socket.TCP_NODELAY)  # of Linux
_MAX_OTHER_BYTES = 2**20  # of a PDU that brings no data
_SLACK = 1024  # bytes; some peers count the heads of fragments, and some do not
_RECEIVING = ("Sta6", "Sta7")  # states in which data are taken
_WHOLE, _COMMAND = 2, 1  # bits of a message control header: PS3.8 E.2

_log = logging.getLogger(__name__)


class TakesFragments(Protocol):
    """Puts messages together."""

    def take(self, context_id: int, is_command: bool, is_last: bool, data: memoryview) -> None:
        """Take a fragment."""


class UpperLayer(DULServiceProvider):
    """Reads, acts and writes in the thread that asks for it.

    Args:
        association: whose it is.
        max_pdu_bytes: of data that a peer may send at once.
        messages: that fragments are of.
    """

    def __init__(self, association: Any, max_pdu_bytes: int, messages: TakesFragments) -> None:
        super().__init__(association)
        self._messages = messages
        self._max_pdu_bytes = max_pdu_bytes
        self._has_begun = False
        self._poll: select.poll | None = None

    # What pynetdicom asks of a thread

    def start(self) -> None:
        """Begin, without a thread."""
        self._has_begun = True
        self._idle_timer.start()
        self.assoc._dul_ready.set()
        self._act()

    def is_alive(self) -> bool:
        """Tell whether there is a connection."""
        return self._has_begun and not self._kill_thread

    def stop_dul(self) -> bool:
        """End; what has to be sent yet has been."""
        if self.state_machine.current_state == "Sta13":
            self._guarded(self._is_transport_event)
        if self.socket is not None:
            self.socket._shutdown_socket()
        self._kill_thread = True
        return True

    def send_pdu(self, primitive: Any) -> None:
        """Send what a primitive says."""
        super().send_pdu(primitive)
        self._act()

    def receive_pdu(self, wait: bool = False, timeout: float | None = None) -> Any:
        """Return the next primitive that is no data; None if none comes in time."""
        end = None if timeout is None else monotonic() + timeout
        while wait and self.to_user_queue.empty() and self.is_alive():
            if end is not None and monotonic() >= end:
                break
            self.work(0.5 if end is None else max(0, min(0.5, end - monotonic())))
        return super().receive_pdu(wait=False)

    # What is done

    def work(self, seconds: float) -> None:
        """Act on what the peer sends next, if it does within these seconds."""
        self._act()
        if self.artim_timer.expired:
            self.event_queue.put("Evt18")
        elif self.state_machine.current_state == "Sta13":
            self._guarded(self._is_transport_event)
        elif self.is_alive() and self._has_data(seconds):
            self._guarded(self._read_pdu_data)
            self._idle_timer.restart()
        self._act()

    def send_pdus(self, content: bytes | bytearray) -> None:
        """Send PDUs that are made already.

        Raises:
            ConnectionError: they do not go out.
        """
        if not self.is_alive() or self.socket is None or self.socket.socket is None:
            raise ConnectionError("the association has ended")
        try:
            self.socket.socket.sendall(content)
        except OSError as error:
            self.event_queue.put("Evt17")
            self._act()
            raise ConnectionError("the peer does not take what is sent") from error
        self._idle_timer.restart()

    def _acknowledge_at_once(self) -> None:
        """Let the kernel acknowledge what comes next without waiting for something to send with it.

        DCMTK writes the head of a PDU, and the rest when that has been acknowledged: that would take 40 ms.
        """
        if self.socket is not None and self.socket.socket is not None:
            with suppress(OSError):
                self.socket.socket.setsockopt(socket.IPPROTO_TCP, _QUICK_ACK, 1)

    def _act(self) -> None:
        """Act on all that has happened, and on all that is to be sent."""
        self._guarded(self._act_on_all)

    def _act_on_all(self) -> None:
        while not self._kill_thread:
            if not self.event_queue.empty():
                self.state_machine.do_action(self.event_queue.get(block=False))
            elif not self._process_recv_primitive():
                return

    def _guarded(self, act: Any) -> None:
        """Act; what nobody foresaw ends the association, and nothing else."""
        try:
            act()
        except Exception as error:
            _log.info("an association ends: %s", type(error).__name__)
            abort = A_ABORT_RQ()
            abort.source, abort.reason_diagnostic = 2, 0
            if self.socket is not None:
                self.socket.send(abort.encode())
                self.socket._shutdown_socket()
            self.assoc.is_aborted, self.assoc.is_established = True, False
            self.assoc._kill = self._kill_thread = True

    def _has_data(self, seconds: float) -> bool:
        connection = self.socket.socket if self.socket else None
        if connection is None:
            return False
        if isinstance(connection, ssl.SSLSocket) and connection.pending():
            return True
        self._acknowledge_at_once()
        if self._poll is None:
            self._poll = select.poll()
            self._poll.register(connection, select.POLLIN)
        return bool(self._poll.poll(seconds * 1000))

    def _read_pdu_data(self) -> None:
        """Read a PDU and note what has happened; data are taken at once."""
        head = self._received(_HEAD.size)
        if head is None:
            self.event_queue.put("Evt17")
            return
        kind, length = _HEAD.unpack(head)
        most = self._max_pdu_bytes + _SLACK if kind == _P_DATA else _MAX_OTHER_BYTES
        if kind not in range(1, 8) or length > most:
            _log.info(
                "a PDU of type %s and %s bytes, expected types 1 to 7 and at most %s", kind, length, most
            )
            self.event_queue.put("Evt19")
            return
        body = self._received(length)
        if body is None:
            self.event_queue.put("Evt17")
        elif kind == _P_DATA and self.state_machine.current_state in _RECEIVING:
            self._take_data(memoryview(body))
        else:
            self._take(bytes(head + body))

    def _take(self, content: bytes) -> None:
        try:
            pdu, event = self._decode_pdu(bytearray(content))
        except Exception as error:
            _log.info("a PDU cannot be read: %s", type(error).__name__)
            self.event_queue.put("Evt19")
            return
        self._recv_pdu.put(pdu)
        self.event_queue.put(event)

    def _take_data(self, body: memoryview) -> None:
        """Take the fragments of a P-DATA-TF PDU: PS3.8 9.3.5."""
        offset = 0
        while offset < len(body):
            if len(body) - offset < _FRAGMENT_HEAD.size:
                self.event_queue.put("Evt19")
                return
            length, context_id, control = _FRAGMENT_HEAD.unpack_from(body, offset)
            end = offset + 4 + length
            if length < 2 or end > len(body):
                self.event_queue.put("Evt19")
                return
            data = body[offset + _FRAGMENT_HEAD.size : end]
            self._messages.take(context_id, bool(control & _COMMAND), bool(control & _WHOLE), data)
            offset = end

    def _received(self, size: int) -> bytearray | None:
        """Return so many bytes; None if they do not come, or not in time."""
        connection = self.socket.socket if self.socket else None
        content = bytearray(size)
        view, received = memoryview(content), 0
        end = monotonic() + (self.network_timeout or 60)
        try:
            while received < size:
                count = connection.recv_into(view[received:]) if connection else 0
                if not count or monotonic() > end:
                    return None
                received += count
        except OSError:
            return None
        return content
