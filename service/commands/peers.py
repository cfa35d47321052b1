"""What the command line does with peers of DIMSE: show them, greet them, and send them studies."""

from rich.console import Console
from rich.progress import MofNCompleteColumn, Progress
from rich.table import Table

from service.archive.index.engine.database import Database
from service.archive.index.errands.sendings import Tally, add_sending
from service.archive.index.lookups.lookup import admits
from service.dimse.network.destination import Calling, hang_up
from service.dimse.network.negotiation import VERIFICATION, Context
from service.dimse.network.peers import Peer, Peers
from service.dimse.network.wire import ConnectionLost
from service.dimse.outgoing.sendings import LEASE, Sendings
from service.errors import BadRequest, StudyNotFound
from service.scope import EVERYTHING
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
    peer = _callable(peers, name)
    try:
        wire = calling.associate(peer, [Context(VERIFICATION, IMPLICIT_VR_LITTLE_ENDIAN)])
    except ConnectionLost:
        raise BadRequest(f"{name} does not answer, or rejects the association") from None
    status = wire.association.send_c_echo().get("Status")
    hang_up(wire)
    if status != 0:
        raise BadRequest(f"{name} answers C-ECHO with the status {status}")


def send(sendings: Sendings, index: Database, peers: Peers | None, study: str, name: str) -> None:
    """Send a study to a peer, and show how far that has come.

    Raises:
        StudyNotFound: it is not here.
        BadRequest: nobody of that name can be called, or not all of it could be sent.
    """
    _callable(peers, name)
    if not index.read_now(admits, EVERYTHING, study):
        raise StudyNotFound(study)
    sending = index.write_now(add_sending, study, name, LEASE)
    with Progress(*Progress.get_default_columns(), MofNCompleteColumn()) as progress:
        task = progress.add_task(f"to {name}", total=None)

        def show_progress(tally: Tally) -> None:
            progress.update(task, total=tally.instances, completed=tally.completed + tally.failed)

        problem = sendings.perform(sending, show_progress)
    if problem:
        raise BadRequest(
            f"not all of it could be sent: {problem}; who serves DIMSE tries again what may pass"
        )


def _callable(peers: Peers | None, name: str) -> Peer:
    peer = peers.named(name) if peers else None
    if peer is None:
        raise BadRequest(f"no peer of the name {name} has a host: DICOMWEB_DIMSE_PEERS names those there are")
    return peer
