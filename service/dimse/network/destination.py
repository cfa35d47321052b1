"""An association of our own to a peer, in the thread of whoever has something to send. PS3.7 D.3, PS3.8 9."""

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from pydicom.uid import UID
from pynetdicom._globals import MODE_REQUESTOR
from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import build_context
from pynetdicom.transport import AddressInformation

from service.dicom.encoding.explicit import IMPLEMENTATION_CLASS_UID
from service.dimse.network.arriving import Arriving
from service.dimse.network.association import Association, Rejection
from service.dimse.network.negotiation import LITTLE_ENDIAN, Context
from service.dimse.network.peers import Peer
from service.dimse.network.visit import Visit
from service.dimse.network.wire import ConnectionLost, Wire

_NOT_ADMITTED = (1, 1, 1)
_MAX_PDU = 16_384  # that we take: answers are short


class _Alone:
    """A host that answers nothing: an association of our own is asked nothing."""

    def admitted(self, _calling: str, _called: str, _association: Association) -> Visit | Rejection:
        return _NOT_ADMITTED

    def arriving(self, _sop_class: str, _instance: str, _transfer_syntax: str) -> Arriving:
        raise ValueError("an instance comes where none was asked for")

    def store(self, association: Association, _request: Any, _context_id: int) -> None:
        association.abort()

    ask = store

    def ended(self, _association: Association) -> None:
        pass


@dataclass(frozen=True, slots=True)
class Calling:
    """How peers are called.

    Attributes:
        ae_title: ours.
        seconds: how long a peer may take to answer, or to take what is sent.
        tls: for peers that are called by TLS.
    """

    ae_title: str
    seconds: float = 30
    tls: ssl.SSLContext | None = None

    @contextmanager
    def providing(self, peer: Peer, sop_class: str) -> Iterator[Association]:
        """Lend an association in which we are the provider of a service.

        Raises:
            ConnectionLost: the peer does not answer, or takes none of it.
        """
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = UID(sop_class), False, True
        wire = self.associate(peer, [Context(sop_class, syntax) for syntax in LITTLE_ENDIAN], role)
        try:
            yield wire.association
        finally:
            hang_up(wire)

    def associate(
        self, peer: Peer, contexts: Iterable[Context], role: SCP_SCU_RoleSelectionNegotiation | None = None
    ) -> Wire:
        """Return the wire of an established association, to be given to `hang_up`.

        Raises:
            ConnectionLost: the peer does not answer, or takes none of it.
        """
        association = self._association(peer)
        association.requestor.requested_contexts = [
            _context(number, context) for number, context in enumerate(contexts)
        ]
        if role is not None:
            association.requestor.add_negotiation_item(role)
        association._is_paused = True  # it has no thread, but for the one that asks
        unconnected: Any = association.dul.socket
        plain = unconnected.socket
        association.request()
        if not association.is_established:
            _close(association)
            plain.close()  # which pynetdicom forgets where nobody listens
            raise ConnectionLost
        connection: Any = association.dul.socket
        connection.socket.settimeout(self.seconds)
        connection.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return Wire(association)

    def _association(self, peer: Peer) -> Association:
        entity = ApplicationEntity(self.ae_title)
        entity.acse_timeout = entity.dimse_timeout = self.seconds
        entity.connection_timeout = entity.network_timeout = self.seconds
        entity.maximum_pdu_size = _MAX_PDU
        address = AddressInformation.from_addr_port(peer.host, peer.port)
        local = AddressInformation.from_tuple(("::0", 0) if ":" in address.address else ("", 0))
        tls = (self.tls or ssl.create_default_context(), peer.host) if peer.uses_tls else None
        association = Association(entity, MODE_REQUESTOR, _Alone())
        association.set_socket(entity._create_socket(association, local, tls))
        acceptor, requestor = association.acceptor, association.requestor
        acceptor.ae_title, acceptor.address_info = peer.ae_title, address
        requestor.ae_title, requestor.address_info = self.ae_title, local
        requestor.maximum_length = _MAX_PDU
        requestor.implementation_class_uid = UID(IMPLEMENTATION_CLASS_UID)
        return association


def hang_up(wire: Wire) -> None:
    """End an association, in good order where it still is."""
    if wire.is_open:
        wire.association.release()
    _close(wire.association)


def _close(association: Association) -> None:
    association.dul.stop_dul()
    connection: Any = association.dul.socket
    if connection is not None and connection.socket is not None:
        connection.socket.close()


def _context(number: int, context: Context) -> Any:
    proposed = build_context(context.sop_class, context.transfer_syntax)
    proposed.context_id = 2 * number + 1
    return proposed
