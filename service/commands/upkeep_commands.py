"""`reindex`, `verify`, `copy`, `migrate`, `viewer`: what keeps an archive in order."""

from pathlib import Path
from typing import Annotated

import typer

from service import ohif
from service.archive.index.lookups.lookup import number_of_instances
from service.archive.tasks import copying, upkeep
from service.commands import console
from service.commands.configured import settings_of
from service.commands.opened import finish, opened, told
from service.errors import DicomwebError
from service.parts import copied_to


def reindex() -> None:
    """Rebuild the whole index from the stored files. Stop the server first."""
    archive = opened(settings_of(), anew=True)
    with told():
        files = list(archive.blobs.list())
        finish(archive, console.watch("reindex", upkeep.reindex(archive, files), len(files)))


def verify(
    repair: Annotated[
        bool, typer.Option("--repair", help="remove what stores left that were never answered. Default: off")
    ] = False,
) -> None:
    """Compare every stored file with its digest in the index."""
    archive = opened(settings_of())
    total = archive.index.read_now(number_of_instances)
    with told():
        finish(archive, console.watch("verify", upkeep.verify(archive, repair=repair), total))


def copy(
    to: Annotated[str, typer.Option(help="a folder, or an object store as in DICOMWEB_BLOBS")],
) -> None:
    """Copy all files to another place. The service may go on meanwhile.

    Ctrl-C stops after the files at hand; run again, what is there already is not copied again.
    """
    settings = settings_of()
    archive = opened(settings)
    with told(), console.stopping() as stop:
        target = copied_to(settings, to)
        if target.place() == archive.blobs.place():
            raise ValueError(f"{to} is where the files are")
        archive.completeness.check()
        total = archive.index.read_now(number_of_instances)
        finish(archive, console.watch("copy", copying.copy(archive, target, stop), total, stop))


def migrate() -> None:
    """Bring the database to the newest schema."""
    opened(settings_of()).close()


def viewer(
    package: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="the npm package, if it is here already. Default: none, npm fetches it",
        ),
    ] = None,
) -> None:
    """Fetch OHIF, to be served under /viewer/."""
    folder = settings_of().viewer
    try:
        ohif.install(folder, package)
    except (OSError, DicomwebError) as error:
        typer.echo(f"no OHIF: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"OHIF {ohif.VERSION} is in {folder.absolute()}")
