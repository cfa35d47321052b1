"""`dimse` and `send`: DICOM's own network."""

from typing import Annotated

import typer

from service.commands import help_texts
from service.commands.configured import check, settings_of
from service.commands.help_texts import OF_AN_ARCHIVE
from service.commands.opened import opened, told
from service.server import dimse as dimse_server
from service.server import dimse_processes
from service.settings_problems import dimse_problem

OF_DIMSE = (
    "dimse_host", "dimse_port", "dimse_workers", "dimse_ae_title", "dimse_peers", "dimse_max_associations",
    "dimse_max_pdu_bytes", "dimse_max_results", "dimse_seconds", "dimse_tls_certificate", "dimse_tls_key",
    "dimse_tls_ca", *OF_AN_ARCHIVE,
)  # fmt: skip
"""Settings that it looks at."""


def serve(
    context: typer.Context,
    host: Annotated[
        str | None, typer.Option(help=help_texts.option("dimse_host", "address to listen on"))
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help=help_texts.option("dimse_port", "port to listen on, 0 for any free one"), min=0, max=65535
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help=help_texts.option("dimse_workers", "processes that serve side by side"), min=1),
    ] = None,
) -> None:
    """Serve DIMSE: C-STORE, C-FIND, C-MOVE, C-GET, storage commitment. Migrates first."""
    if context.invoked_subcommand is not None:
        return
    settings = settings_of(dimse_host=host, dimse_port=port, dimse_workers=workers)
    check(dimse_problem(settings))
    with told():
        archive = opened(settings)
        if settings.dimse_workers == 1:
            dimse_server.serve(settings, archive, dimse_server.listener(settings))
        else:
            archive.close()
            dimse_processes.serve_in_processes(settings)


def show() -> None:
    """Show who is known in the network: who may call, and who can be called."""
    from service.commands import peers  # noqa: PLC0415 (to import pynetdicom takes long)

    with told():
        peers.show(dimse_server.peers_of(settings_of()))


def echo(name: Annotated[str, typer.Argument(help="of the peer")]) -> None:
    """Greet a peer by C-ECHO; the exit code is 0 if it answers."""
    from service.commands import peers  # noqa: PLC0415 (to import pynetdicom takes long)

    settings = settings_of()
    with told():
        peers.echo(dimse_server.calling_of(settings), dimse_server.peers_of(settings), name)
    typer.echo(f"{name} answers")


def send(
    study: Annotated[str, typer.Argument(help="Study Instance UID")],
    to: Annotated[str, typer.Option(help="name of the peer")],
) -> None:
    """Send a study to a peer of DIMSE by C-STORE; the exit code is 0 if it has all of it."""
    from service.commands import peers  # noqa: PLC0415 (to import pynetdicom takes long)

    settings = settings_of()
    archive = opened(settings)
    with told(), dimse_server.sendings_of(settings, archive) as sendings:
        peers.send(sendings, archive.index, dimse_server.peers_of(settings), study, to)
    archive.close()
