"""What `dicomweb-service dimse` does besides serving: show peers, and greet them."""

from rich.console import Console
from rich.table import Table

from service.dimse.destination import Calling, hang_up
from service.dimse.forms import Context
from service.dimse.negotiation import VERIFICATION
from service.dimse.peers import Peers
from service.dimse.wire import ConnectionLost
from service.errors import BadRequest
from service.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN


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


def echo(calling: Calling, peers: Peers | None, name: str) -> None:
    """Greet a peer by C-ECHO; return if it answers.

    Raises:
        BadRequest: nobody of that name can be called, or it does not answer.
    """
    peer = peers.named(name) if peers else None
    if peer is None:
        raise BadRequest(f"no peer of the name {name} has a host: DICOMWEB_DIMSE_PEERS names those there are")
    try:
        wire = calling.associate(peer, [Context(VERIFICATION, IMPLICIT_VR_LITTLE_ENDIAN)])
    except ConnectionLost:
        raise BadRequest(f"{name} does not answer, or rejects the association") from None
    status = wire.association.send_c_echo().get("Status")
    hang_up(wire)
    if status != 0:
        raise BadRequest(f"{name} answers C-ECHO with the status {status}")
