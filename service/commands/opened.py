"""What a command works on: the archive, the index, the audit. What cannot be had ends it with one line."""

from collections.abc import Iterator
from contextlib import contextmanager
from getpass import getuser
from typing import NoReturn

import typer
from sqlalchemy.exc import SQLAlchemyError

from service.archive import Archive
from service.archive.files import rights
from service.archive.index.engine.database import Database
from service.archive.index.schema import versions
from service.archive.tasks import opening
from service.audit.event import COMMAND_LINE, Action, Actor
from service.audit.ledger import Ledger
from service.errors import DicomwebError
from service.parts import archive_of, audit_of, blobs_of
from service.settings import Settings


def opened(settings: Settings, *, anew: bool = False) -> Archive:
    """Return the archive, migrated; one that cannot be opened ends the program with one line.

    Args:
        settings: that say where it is.
        anew: its index is about to be made again: that it is broken, or knows other files, is no matter.
    """
    url = settings.index_url
    try:
        rights.open_folder(settings.data)
        blobs = blobs_of(settings)
        if anew:
            opening.renew(url, blobs)
        opening.migrate(url, blobs)
        archive = archive_of(settings, blobs)
        if not anew:
            opening.check_tree(archive, url)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        _end(f"the index {versions.place(url)}: {reason}")
    except (OSError, DicomwebError) as error:
        _end(str(error).splitlines()[0])
    return archive


@contextmanager
def lent_index(settings: Settings) -> Iterator[Database]:
    """Lend the index, which has the keys; what cannot be done with it ends the program with one line."""
    archive = opened(settings)
    try:
        yield archive.index
    except (ValueError, DicomwebError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        archive.close()


@contextmanager
def lent_ledger(settings: Settings, index: Database) -> Iterator[Ledger | None]:
    """Lend where a command notes what it writes, if there is an audit; it is told once that is done."""
    audit = audit_of(settings, index)
    if audit is None:
        yield None
        return
    ledger = Ledger(audit, Actor(getuser(), COMMAND_LINE), Action.IMPORT)
    yield ledger
    ledger.committed()
    ledger.settle()
    audit.finish()


@contextmanager
def told() -> Iterator[None]:
    """End the program with one line if the files cannot be had, or not be put where they are to go."""
    try:
        yield
    except (OSError, ValueError, DicomwebError) as error:
        typer.echo(str(error).splitlines()[0], err=True)
        raise typer.Exit(1) from None


def finish(archive: Archive, exit_code: int) -> NoReturn:
    """End the program with an exit code, once all is written."""
    archive.close()
    raise typer.Exit(exit_code)


def _end(reason: str) -> NoReturn:
    typer.echo(f"cannot open the archive: {reason}", err=True)
    raise typer.Exit(1)
