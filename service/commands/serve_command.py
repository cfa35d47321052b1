"""`serve`: the web server, and DIMSE beside it."""

import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.commands import console, help_texts
from service.commands.configured import check, settings_of
from service.commands.importing import import_folder
from service.commands.opened import finish, opened, told
from service.dicom.query.filed import filed_problem
from service.server import lifeline, serving
from service.settings import Settings
from service.settings_problems import access_problem, dimse_problem


def serve(
    host: Annotated[str | None, typer.Option(help=help_texts.option("host", "address to listen on"))] = None,
    port: Annotated[
        int | None,
        typer.Option(
            help=help_texts.option("port", "port to listen on, 0 for any free one"), min=0, max=65535
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(help=help_texts.option("workers", "processes that serve side by side"), min=1),
    ] = None,
    ephemeral: Annotated[
        bool,
        typer.Option("--ephemeral", help="keep everything in a folder that is gone afterwards. Default: off"),
    ] = False,
    folder: Annotated[
        Path | None, typer.Option("--import", exists=True, help="load this folder first. Default: none")
    ] = None,
    dimse: Annotated[
        int | None,
        typer.Option(
            "--dimse",
            help="serve DIMSE too, on this port, 0 for any free one. Default: not",
            min=0,
            max=65535,
        ),
    ] = None,
    attached: Annotated[
        bool,
        typer.Option(
            "--attached",
            help="end when standard input does, as with the program that started this one. Default: off",
        ),
    ] = False,
) -> None:
    """Serve DICOMweb. Migrates first."""
    settings = settings_of(host=host, port=port, workers=workers, dimse_port=dimse)
    check(access_problem(settings) or filed_problem(settings.index))
    if dimse is not None:
        check(_many_workers(settings) or dimse_problem(settings))
    if attached:
        lifeline.end_with_input()
    with _data_place(settings, ephemeral=ephemeral) as settings, _listener(settings) as listener:
        archive = opened(settings)
        if folder is not None and import_folder(settings, archive, folder) == console.STOPPED:
            finish(archive, console.STOPPED)
        if settings.workers == 1:
            with told():
                serving.serve(settings, archive, listener, with_dimse=dimse is not None)
        else:
            archive.close()
            serving.serve_in_processes(settings, listener)


def _many_workers(settings: Settings) -> str | None:
    if settings.workers == 1:
        return None
    return "--dimse goes with one worker: run dicomweb-service dimse beside, as often as it takes"


@contextmanager
def _data_place(settings: Settings, *, ephemeral: bool) -> Iterator[Settings]:
    """Lend the settings of where everything is kept; an ephemeral place goes afterwards, whatever happens."""
    if not ephemeral:
        yield settings
        return
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with tempfile.TemporaryDirectory(prefix="dicomweb-") as folder:
        yield settings.model_copy(update={"data": Path(folder), "database_url": None, "blobs": None})


@contextmanager
def _listener(settings: Settings) -> Iterator[socket.socket]:
    """Lend a socket that listens, so that a port in use is told before anything is opened."""
    try:
        listener = serving.listener(settings)
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # Python appends the address once more
        typer.echo(f"cannot listen on {settings.host} port {settings.port}: {reason}", err=True)
        raise typer.Exit(1) from None
    with listener:
        yield listener
