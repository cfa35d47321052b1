"""Associations that we request of peers: PS3.8 9.2."""

import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from pynetdicom.ae import ApplicationEntity
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext, build_context
from pynetdicom.transport import AddressInformation, AssociationSocket

from service.dimse.association import Association, Host
from service.dimse.peers import Peer
from service.errors import DicomwebError

Proposal = tuple[str, Sequence[str]]
"""A SOP class, and transfer syntaxes for it."""

MAX_CONTEXTS = 128


class PeerUnavailable(DicomwebError):
    """A peer cannot be reached, or does not want an association."""


@contextmanager
def connected(
    entity: ApplicationEntity,
    host: Host,
    peer: Peer,
    proposals: Sequence[Proposal],
    *,
    as_provider: bool = False,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Association]:
    """Lend an association with a peer, which is released afterwards.

    Args:
        entity: ours.
        host: who answers what the peer asks in it.
        peer: with a host and a port.
        proposals: at most 128.
        as_provider: whether we are the SCP of what is proposed.
        tls: of the connection, if the peer uses TLS.

    Raises:
        PeerUnavailable: there is none.
    """
    association = Association(entity, "requestor", host)
    association.requestor.ae_title = entity.ae_title
    association.requestor.maximum_length = entity.maximum_pdu_size
    association.requestor.implementation_class_uid = entity.implementation_class_uid
    association.requestor.implementation_version_name = entity.implementation_version_name
    association.acceptor.ae_title = peer.ae_title
    contexts = [_context(number, *proposal) for number, proposal in enumerate(proposals[:MAX_CONTEXTS])]
    association.requestor.requested_contexts = contexts
    if as_provider:
        for sop_class, _ in proposals:
            association.requestor.add_negotiation_item(_provider_role(sop_class))
    _connect(association, peer, tls)
    try:
        yield association
    finally:
        if association.is_established:
            association.release()
        association.dul.stop_dul()


def _connect(association: Association, peer: Peer, tls: ssl.SSLContext | None) -> None:
    try:
        association.acceptor.address_info = AddressInformation(peer.host, peer.port)
        local = AddressInformation("", 0)
        association.requestor.address_info = local
        connection = AssociationSocket(association, address=local)
    except OSError as error:
        raise PeerUnavailable(f"{peer.name} has no address: {error.strerror}") from error
    if peer.uses_tls:
        connection.tls_args = tls or ssl.create_default_context(), peer.host
    association.set_socket(connection)
    association._is_paused = True
    association.request()
    if not association.is_established:
        reason = "rejects the association" if association.is_rejected else "cannot be reached"
        association.dul.stop_dul()
        raise PeerUnavailable(f"{peer.name} {reason}")
    if connection.socket is not None:
        connection.socket.settimeout(association.network_timeout)


def _context(number: int, sop_class: str, syntaxes: Sequence[str]) -> PresentationContext:
    context = build_context(sop_class, list(syntaxes))
    context.context_id = 2 * number + 1
    return context


def _provider_role(sop_class: str) -> SCP_SCU_RoleSelectionNegotiation:
    role = SCP_SCU_RoleSelectionNegotiation()
    role.sop_class_uid = sop_class
    role.scu_role, role.scp_role = False, True
    return role
