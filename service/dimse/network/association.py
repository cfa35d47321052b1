"""An association, as pynetdicom has it, with one thread and bounded memory."""

import logging
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from socket import SHUT_RDWR
from typing import Any, Protocol

from pynetdicom import _config, evt
from pynetdicom.acse import ACSE
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association as _Association
from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE

from service.dimse.network.arriving import Arriving, StoreRequest
from service.dimse.network.commands import StoreResponse
from service.dimse.network.messages import Messages
from service.dimse.network.negotiation import negotiated
from service.dimse.network.upper_layer import UpperLayer
from service.dimse.network.visit import Visit

Rejection = tuple[int, int, int]
"""Result, source and reason of an A-ASSOCIATE-RJ: PS3.8 Table 9-21."""

_TICK = 0.5  # seconds, after which it is looked whether to end


# What pynetdicom logs belongs to patients.
_config.LOG_HANDLER_LEVEL = "none"
_config.LOG_REQUEST_IDENTIFIERS = _config.LOG_RESPONSE_IDENTIFIERS = False
logging.getLogger("pynetdicom").setLevel(logging.CRITICAL + 1)


class Host(Protocol):
    """Who answers what is asked in associations."""

    def admitted(self, calling: str, called: str, association: "Association") -> Visit | Rejection:
        """Return who calls, or why they are not admitted."""

    def arriving(self, sop_class: str, instance: str, transfer_syntax: str) -> Arriving:
        """Return what takes an instance that is about to come."""

    def store(self, association: "Association", request: StoreRequest, context_id: int) -> None:
        """Store an instance that has come, and answer."""

    def ask(self, association: "Association", request: Any, context_id: int) -> None:
        """Answer a search or a retrieve."""

    def ended(self, association: "Association") -> None:
        """Note that an association has ended."""


class Association(_Association):
    """One association; what is asked in it is answered by its host.

    Args:
        entity: ours.
        mode: `acceptor` or `requestor`.
        host: who answers.

    Attributes:
        visit: who is at the other end; None before they are admitted.
        is_ending: whether it ends once it has answered what is asked.
        afterwards: what is done once a request is answered.
    """

    dul: UpperLayer
    dimse: Messages

    def __init__(self, entity: ApplicationEntity, mode: str, host: Host) -> None:
        super().__init__(entity, mode)
        self.visit: Visit | None = None
        self.is_ending = False
        self.afterwards: deque[Callable[[], None]] = deque()
        self._host = host
        timeouts = self.acse_timeout, self.network_timeout
        self.dimse = Messages(self)
        self.dul = UpperLayer(self, entity.maximum_pdu_size, self.dimse)
        self.acse_timeout, self.network_timeout = timeouts
        self.acse = _Acceptance(self, host)

    def arriving(self, sop_class: str, instance: str, context_id: int) -> Arriving:
        """Return what takes an instance that a C-STORE brings.

        Raises:
            KeyError: no such presentation context is accepted.
        """
        syntax = str(self._accepted_cx[context_id].transfer_syntax[0])
        return self._host.arriving(sop_class, instance, syntax)

    def hang_up(self) -> None:
        """End the connection, from another thread."""
        connection = self.dul.socket.socket if self.dul.socket else None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(SHUT_RDWR)

    def run_reactor(self) -> None:
        """Serve until the end."""
        try:
            super().run_reactor()
        finally:
            self.dimse.discard()
            with suppress(Exception):
                self.dul.stop_dul()
            self._host.ended(self)

    def _run_reactor(self) -> None:
        self._is_paused = False
        while not self._kill:
            context_id, message = self.dimse.get_msg()
            if message:
                self._serve_request(message, context_id)
            elif self.is_established and self.acse.is_release_requested():
                self._release()
            elif self.acse.is_aborted():
                self.dul.receive_pdu(wait=False)
                self._lost()
            elif not self.dul.is_alive():
                self._lost()
            elif self.dul.idle_timer_expired() or self.is_ending:
                self.abort()
            else:
                self.dul.work(_TICK)

    def _release(self) -> None:
        self.acse.send_release(is_response=True)
        self.is_released, self.is_established = True, False
        evt.trigger(self, evt.EVT_RELEASED, {})
        self.kill()

    def _lost(self) -> None:
        self.is_aborted, self.is_established = True, False
        evt.trigger(self, evt.EVT_ABORTED, {})
        self.kill()

    def _serve_request(self, msg: Any, context_id: int) -> None:
        """Answer a request: all with data by ourselves, others by pynetdicom's service classes."""
        self._is_paused = True
        if isinstance(msg, StoreRequest):
            self._host.store(self, msg, context_id)
        elif (
            isinstance(msg, C_FIND | C_GET | C_MOVE)
            and msg.is_valid_request
            and context_id in self._accepted_cx
        ):
            self._host.ask(self, msg, context_id)
        elif not isinstance(msg, StoreResponse):  # to a request that nobody waits for any more
            super()._serve_request(msg, context_id)
            self._is_paused = True
        while self.afterwards and self.is_established:
            self.afterwards.popleft()()


class _Acceptance(ACSE):
    """Accepts associations, or rejects them: PS3.8 9.3.4."""

    def __init__(self, association: Association, host: Host) -> None:
        super().__init__(association)
        self._owner = association
        self._host = host

    def _negotiate_as_acceptor(self) -> None:
        request: Any = self.requestor.primitive
        self.requestor.ae_title = request.calling_ae_title
        visit = self._host.admitted(request.calling_ae_title, request.called_ae_title, self._owner)
        if not isinstance(visit, Visit):
            self.send_reject(*visit)
            evt.trigger(self.assoc, evt.EVT_REJECTED, {})
            self.assoc.kill()
            return
        self._owner.visit = visit
        for item in self._check_sop_class_extended():
            self.acceptor.add_negotiation_item(item)
        self._accept(request)

    def _accept(self, request: Any) -> None:
        roles: Mapping[str, tuple[bool, bool]] = {
            str(uid): (bool(item.scu_role), bool(item.scp_role))
            for uid, item in self.requestor.role_selection.items()
        }
        contexts, accepted_roles = negotiated(request.presentation_context_definition_list, roles)
        accepted: Any = {context.context_id: context for context in contexts if context.result == 0}
        self.assoc._accepted_cx = accepted
        self.assoc._rejected_cx = [context for context in contexts if context.result != 0]
        for role in accepted_roles:
            self.acceptor.add_negotiation_item(role)
        self.send_accept()
        evt.trigger(self.assoc, evt.EVT_ACCEPTED, {})
        self.assoc.is_established = self.dul.is_alive()
        evt.trigger(self.assoc, evt.EVT_ESTABLISHED, {})
