"""Messages of one association, put together of fragments: PS3.7 6.3, PS3.8 E.

A data set that is stored goes where instances arrive, as it comes. All else is short, and kept in memory.
"""

from collections.abc import Mapping
from io import BytesIO
from time import monotonic
from typing import Any, Protocol

from pynetdicom.dimse import DIMSEServiceProvider
from pynetdicom.dimse_messages import _MESSAGE_TYPES, DIMSEMessage
from pynetdicom.dimse_primitives import C_CANCEL
from pynetdicom.dsutils import decode

from service.dimse.network import commands
from service.dimse.network.arriving import Arriving, StoreRequest
from service.dimse.network.commands import StoreResponse
from service.dimse.network.searching import FindRequest

_NO_DATA_SET = 0x0101
_NONE, _C_STORE, _C_FIND = (
    number.to_bytes(2, "little") for number in (_NO_DATA_SET, commands.C_STORE_RQ, commands.C_FIND_RQ)
)
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
        self._incoming: DIMSEMessage | FindRequest | None = None
        self._storing: tuple[int, StoreRequest] | None = None

    def get_msg(self, block: bool = False) -> Any:
        """Return the next message and its presentation context: (None, None) if none comes in time.

        Who waits for it has asked something: requests that come before the answer stay where they are.
        """
        end, upper_layer = monotonic() + (self.dimse_timeout or 60), self._receiver.dul
        while block and self._next(answers=True) is None and upper_layer.is_alive() and monotonic() < end:
            if upper_layer.peek_next_pdu() is not None:  # the peer ends it
                break
            upper_layer.work(0.5)
        place, waiting = self._next(answers=block), self.msg_queue.queue
        if place is None:
            return None, None
        message = waiting[place]
        del waiting[place]
        return message

    def take(self, context_id: int, is_command: bool, is_last: bool, data: memoryview) -> None:
        """Take a fragment.

        Raises:
            ValueError: it cannot follow those before it, or is too long.
        """
        if is_command:
            self._take_command(context_id, is_last, data)
        elif self._storing is not None:
            self._take_instance(data, is_last=is_last)
        elif self._incoming is None:
            raise ValueError("data without a command")
        else:
            self._take_data(data)
            if is_last:
                self._finish()

    def discard(self) -> None:
        """Forget what has not come whole."""
        if self._storing is not None:
            self._storing[1].arriving.discard()
            self._storing = None
        for _, message in self.msg_queue.queue:
            if isinstance(message, StoreRequest):
                message.arriving.discard()

    def _next(self, *, answers: bool) -> int | None:
        """Return the place of the next message in the queue, or of the next answer; None if there is none."""
        places = (
            place
            for place, (_, message) in enumerate(self.msg_queue.queue)
            if not answers
            or isinstance(message, StoreResponse)
            or getattr(message, "MessageIDBeingRespondedTo", None) is not None
        )
        return next(places, None)

    def _take_command(self, context_id: int, is_last: bool, data: memoryview) -> None:
        if self._incoming or self._storing or len(self._command) + len(data) > _MAX_COMMAND_BYTES:
            raise ValueError("a command within a message, or one without an end")
        self._command += data
        if not is_last:
            return
        content, self._command = bytes(self._command), bytearray()
        fields = commands.decoded(content)
        response = commands.store_response(fields)
        if response is not None:
            self._put(context_id, response)
            return
        if self._is_store(context_id, fields):
            return
        if (
            fields.get(commands.COMMAND_FIELD) == _C_FIND
            and fields.get(commands.DATA_SET_TYPE, _NONE) != _NONE
        ):
            self._incoming = FindRequest(context_id, fields)
            return
        command = decode(BytesIO(content), True, True)
        message = DIMSEMessage()
        message.__class__ = _MESSAGE_TYPES[command.CommandField][1]
        message.command_set, message.context_id = command, context_id
        self._incoming = message
        if command.CommandDataSetType == _NO_DATA_SET:
            self._finish()

    def _is_store(self, context_id: int, command: Mapping[int, bytes]) -> bool:
        """Tell whether a command is C-STORE, whose data set is then taken as it comes."""
        number = command.get(commands.COMMAND_FIELD, b"")
        if number != _C_STORE or command.get(commands.DATA_SET_TYPE, _NONE) == _NONE:
            return False
        sop_class = commands.text_of(command, commands.AFFECTED_SOP_CLASS_UID)
        instance = commands.text_of(command, commands.AFFECTED_SOP_INSTANCE_UID)
        if not sop_class or not instance:
            raise ValueError("a C-STORE that names no instance")
        message_id = commands.number_of(command, commands.MESSAGE_ID)
        arriving = self._receiver.arriving(sop_class, instance, context_id)
        self._storing = context_id, StoreRequest(message_id, sop_class, instance, arriving)
        return True

    def _take_instance(self, data: memoryview, *, is_last: bool) -> None:
        assert self._storing is not None
        context_id, request = self._storing
        request.arriving.write(bytes(data))
        if is_last:
            self._storing = None
            self._put(context_id, request)

    def _take_data(self, data: memoryview) -> None:
        assert self._incoming is not None
        content = self._incoming.data_set
        assert content is not None
        if content.tell() + len(data) > _MAX_DATA_BYTES:
            raise ValueError(f"a data set of more than {_MAX_DATA_BYTES} bytes that is not to be stored")
        content.write(data)

    def _finish(self) -> None:
        message, self._incoming = self._incoming, None
        assert message is not None
        primitive: Any = message.message_to_primitive()
        if isinstance(primitive, C_CANCEL):
            if len(self.cancel_req) >= _MAX_WAITING:
                self.cancel_req.pop(next(iter(self.cancel_req)))
            self.cancel_req[primitive.MessageIDBeingRespondedTo or 0] = primitive
            return
        self._put(message.context_id or 0, primitive)

    def _put(self, context_id: int, message: Any) -> None:
        self.cancel_req.pop(getattr(message, "MessageID", None) or 0, None)  # that was for one before
        if self.msg_queue.qsize() >= _MAX_WAITING:
            raise ValueError("more messages than are waited for")
        self.msg_queue.put((context_id, message))
