"""What `dicomweb-service dimse` does besides serving: show peers, and greet them."""

from rich.console import Console
from rich.table import Table

from service.dimse.connecting import PeerUnavailable
from service.dimse.negotiation import IMPLICIT_ONLY, VERIFICATION
from service.dimse.node import Node
from service.dimse.peers import Peers
from service.errors import BadRequest


def show(peers: Peers | None) -> None:
    """Print who is known, and what they may do."""
    table = Table("name", "AE title", "from", "permissions", "tenants", "listens at")
    for peer in peers or ():
        table.add_row(
            peer.name,
            peer.ae_title,
            ", ".join(map(str, peer.networks)) or "anywhere",
            ", ".join(sorted(permission.value for permission in peer.permissions)) or "none",
            "all" if peer.tenants is None else ", ".join(sorted(peer.tenants)),
            f"{peer.host}:{peer.port}{' by TLS' if peer.uses_tls else ''}" if peer.host else "",
        )
    Console().print(table)


def echo(node: Node, peers: Peers | None, name: str) -> None:
    """Greet a peer by C-ECHO; return if it answers.

    Raises:
        BadRequest: nobody of that name can be called.
        PeerUnavailable: it cannot be reached, or does not answer.
    """
    peer = peers.named(name) if peers else None
    if peer is None:
        raise BadRequest(f"no peer of the name {name} has a host: DICOMWEB_DIMSE_PEERS names those there are")
    with node.call(peer, [(VERIFICATION, IMPLICIT_ONLY)]) as association:
        status = association.send_c_echo().get("Status")
    if status != 0:
        raise PeerUnavailable(f"{name} does not answer C-ECHO: status {status}")
