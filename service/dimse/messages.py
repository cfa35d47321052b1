"""Messages of one association, put together of fragments: PS3.7 6.3, PS3.8 E.

A data set that is stored goes where instances arrive, as it comes. All else is short, and kept in memory.
"""

import queue
from io import BytesIO
from time import monotonic
from typing import Any, Protocol

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import _MESSAGE_TYPES, C_STORE_RQ, DIMSEMessage
from pynetdicom.dimse_primitives import C_CANCEL
from pynetdicom.dsutils import decode

from service.dimse.arriving import Arriving

_NO_DATA_SET = 0x0101
_MAX_COMMAND_BYTES = 2**16
_MAX_DATA_BYTES = 8 * 2**20  # of an identifier: a hundred thousand UIDs
_MAX_WAITING = 16  # messages; who negotiates no asynchronous operations sends one, and waits


class Receiver(Protocol):
    """Takes instances that come."""

    dul: Any

    def arriving(self, sop_class: str, instance: str, context_id: int) -> Arriving:
        """Return what takes an instance that a C-STORE brings."""


class Messages(DIMSEServiceProvider):
    """Takes fragments, and gives messages.

    Args:
        association: whose they are; it takes instances.
    """

    def __init__(self, association: Any) -> None:
        super().__init__(association)
        self._receiver: Receiver = association
        self._command = bytearray()
        self._incoming: DIMSEMessage | None = None
        self._arriving: Arriving | None = None

    def get_msg(self, block: bool = False) -> Any:
        """Return the next message and its presentation context: (None, None) if none comes in time."""
        end, upper_layer = monotonic() + (self.dimse_timeout or 60), self._receiver.dul
        while block and self.msg_queue.empty() and upper_layer.is_alive() and monotonic() < end:
            if upper_layer.peek_next_pdu() is not None:  # the peer ends it
                break
            upper_layer.work(0.5)
        try:
            return self.msg_queue.get(block=False)
        except queue.Empty:
            return None, None

    def take(self, context_id: int, is_command: bool, is_last: bool, data: memoryview) -> None:
        """Take a fragment.

        Raises:
            ValueError: it cannot follow those before it, or is too long.
        """
        if is_command:
            self._take_command(context_id, is_last, data)
        elif self._incoming is None:
            raise ValueError("data without a command")
        else:
            self._take_data(data)
            if is_last:
                self._finish()

    def discard(self) -> None:
        """Forget what has not come whole."""
        if self._arriving is not None:
            self._arriving.discard()
            self._arriving = None

    def _take_command(self, context_id: int, is_last: bool, data: memoryview) -> None:
        if self._incoming is not None or len(self._command) + len(data) > _MAX_COMMAND_BYTES:
            raise ValueError("a command within a message, or one without an end")
        self._command += data
        if not is_last:
            return
        command, self._command = decode(BytesIO(self._command), True, True), bytearray()
        message = DIMSEMessage()
        message.__class__ = _MESSAGE_TYPES[command.CommandField][1]
        message.command_set, message.context_id = command, context_id
        self._incoming = message
        if command.CommandDataSetType == _NO_DATA_SET:
            self._finish()
        elif isinstance(message, C_STORE_RQ):
            self._arriving = self._receiver.arriving(
                str(command.AffectedSOPClassUID), str(command.AffectedSOPInstanceUID), context_id
            )

    def _take_data(self, data: memoryview) -> None:
        assert self._incoming is not None
        if self._arriving is not None:
            self._arriving.write(bytes(data))
            return
        content = self._incoming.data_set
        assert content is not None
        if content.tell() + len(data) > _MAX_DATA_BYTES:
            raise ValueError(f"a data set of more than {_MAX_DATA_BYTES} bytes that is not to be stored")
        content.write(data)

    def _finish(self) -> None:
        message, self._incoming = self._incoming, None
        arriving, self._arriving = self._arriving, None
        assert message is not None
        primitive: Any = message.message_to_primitive()
        if isinstance(primitive, C_CANCEL):
            self.cancel_req[primitive.MessageIDBeingRespondedTo or 0] = primitive
            return
        primitive.arriving = arriving
        if self.msg_queue.qsize() >= _MAX_WAITING:
            raise ValueError("more messages than are waited for")
        self.msg_queue.put((message.context_id or 0, primitive))
