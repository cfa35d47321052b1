"""`import`: stores what lies in a folder."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated

import typer

from service.commands.configured import settings_of
from service.commands.importing import import_folder
from service.commands.opened import finish, opened
from service.commands.report import Report, report_in

Folder = Annotated[Path, typer.Argument(exists=True, help="a folder of DICOM files, or one file")]


def import_(
    folder: Folder,
    report: Annotated[
        Path | None,
        typer.Option(
            dir_okay=False,
            help="write path and reason of every file that is refused into this one: as CSV, or as JSON "
            "lines if its name ends with .jsonl. Default: none",
        ),
    ] = None,
) -> None:
    """Store all files below a folder. What is not DICOM is refused and named.

    What systems leave in folders (.DS_Store, Thumbs.db and the like) is passed over, as is a disc's DICOMDIR.

    Ctrl-C stops after the files at hand; run again, what is stored already is unchanged.
    """
    settings = settings_of()
    with _report(report) as refusals:
        archive = opened(settings)
        finish(archive, import_folder(settings, archive, folder, refusals))


@contextmanager
def _report(path: Path | None) -> Iterator[Report | None]:
    """Lend a report, if one is wanted; one that cannot be written ends the program with one line."""
    if path is None:
        yield None
        return
    with ExitStack() as stack:
        try:
            report = stack.enter_context(report_in(path))
        except OSError as error:
            typer.echo(f"cannot write the report {path}: {error.strerror}", err=True)
            raise typer.Exit(2) from None
        yield report
