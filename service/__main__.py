"""The command line: serve · import · reindex · verify · copy · viewer · migrate."""

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from getpass import getuser
from itertools import chain
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError

from service import console, help_texts, installed, key_commands, ohif, webhook_commands
from service.app import audit_of, blobs_of, copied_to, tls_files_of
from service.archive import Archive, open_archive, opening
from service.archive.copying import copy
from service.archive.files import rights
from service.archive.index.engine.database import Database
from service.archive.index.lookups.lookup import number_of_instances
from service.archive.index.owners.labels import Owner
from service.archive.index.schema import versions
from service.archive.upkeep import import_files, look_through, reindex, verify
from service.audit.event import COMMAND_LINE, Action, Actor
from service.audit.ledger import Ledger
from service.audit.opening import check_places
from service.dicom.query.filed import filed_problem
from service.durations import seconds_of
from service.errors import DicomwebError
from service.report import Report, report_in
from service.server import dimse as dimse_server
from service.server import lifeline, serving
from service.server.log import configure_log
from service.settings import Settings, access_problem, dimse_problem, roles_of, unknown_variables

app = typer.Typer(
    help="A DICOMweb origin server. Every setting is an environment variable: see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they show values, and values belong to patients
)

_OF_AN_ARCHIVE = ("data", "database_url", "database_connections", "blobs", "on_conflict", "log_level")
_OF_DIMSE = (
    "dimse_host", "dimse_port", "dimse_ae_title", "dimse_peers", "dimse_max_associations",
    "dimse_max_pdu_bytes", "dimse_max_results", "dimse_seconds", "dimse_tls_certificate", "dimse_tls_key",
    "dimse_tls_ca", *_OF_AN_ARCHIVE,
)  # fmt: skip
key_app = typer.Typer(help="Keys of programs.", no_args_is_help=True)
app.add_typer(key_app, name="key")
dimse_app = typer.Typer()
app.add_typer(dimse_app, name="dimse")
webhook_app = typer.Typer(help="Who is called when something changes.", no_args_is_help=True)
app.add_typer(webhook_app, name="webhook")

Folder = Annotated[Path, typer.Argument(exists=True, help="a folder of DICOM files, or one file")]


def _tell_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"dicomweb-service {installed.version()}")
        raise typer.Exit


@app.callback()
def options(
    version: Annotated[
        bool, typer.Option("--version", callback=_tell_version, is_eager=True, help="tell the version")
    ] = False,
) -> None:
    """Take the options that stand before a command."""


@app.command(epilog=help_texts.settings())
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
    settings = _settings(host=host, port=port, workers=workers, dimse_port=dimse)
    _check(access_problem(settings) or filed_problem(settings.index))
    if dimse is not None:
        _check(_many_workers(settings) or dimse_problem(settings))
    if attached:
        lifeline.end_with_input()
    with _data_place(settings, ephemeral=ephemeral) as settings, _listener(settings) as listener:
        archive = _open(settings)
        if folder is not None and _import(settings, archive, folder) == console.STOPPED:
            _finish(archive, console.STOPPED)
        if settings.workers == 1:
            with _told():
                serving.serve(settings, archive, listener, with_dimse=dimse is not None)
        else:
            archive.close()
            serving.serve_in_processes(settings, listener)


@dimse_app.callback(invoke_without_command=True, epilog=help_texts.settings(*_OF_DIMSE))
def dimse_command(
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
) -> None:
    """Serve DIMSE: C-STORE, C-FIND, C-MOVE, C-GET, storage commitment. Migrates first."""
    if context.invoked_subcommand is not None:
        return
    settings = _settings(dimse_host=host, dimse_port=port)
    _check(dimse_problem(settings))
    with _told():
        dimse_server.serve(settings, _open(settings))


@dimse_app.command(epilog=help_texts.settings("dimse_peers"))
def peers() -> None:
    """Show who is known in the network: who may call, and who can be called."""
    from service import dimse_commands  # noqa: PLC0415 (to import pynetdicom takes long)

    with _told():
        dimse_commands.show(dimse_server.peers_of(_settings()))


@dimse_app.command(epilog=help_texts.settings(*_OF_DIMSE))
def echo(name: Annotated[str, typer.Argument(help="of the peer")]) -> None:
    """Greet a peer by C-ECHO; the exit code is 0 if it answers."""
    from service import dimse_commands  # noqa: PLC0415 (to import pynetdicom takes long)

    settings = _settings()
    with _told():
        dimse_commands.echo(dimse_server.calling_of(settings), dimse_server.peers_of(settings), name)
    typer.echo(f"{name} answers")


@app.command(name="import", epilog=help_texts.settings(*_OF_AN_ARCHIVE))
def import_command(
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
    settings = _settings()
    with _report(report) as refusals:
        archive = _open(settings)
        _finish(archive, _import(settings, archive, folder, refusals))


@app.command(name="reindex", epilog=help_texts.settings(*_OF_AN_ARCHIVE))
def reindex_command() -> None:
    """Rebuild the whole index from the stored files. Stop the server first."""
    archive = _open(_settings(), anew=True)
    with _told():
        files = list(archive.blobs.list())
        _finish(archive, console.watch("reindex", reindex(archive, files), len(files)))


@app.command(name="verify", epilog=help_texts.settings(*_OF_AN_ARCHIVE))
def verify_command(
    repair: Annotated[
        bool, typer.Option("--repair", help="remove what stores left that were never answered. Default: off")
    ] = False,
) -> None:
    """Compare every stored file with its digest in the index."""
    archive = _open(_settings())
    total = archive.index.read_now(number_of_instances)
    with _told():
        _finish(archive, console.watch("verify", verify(archive, repair=repair), total))


@app.command(name="copy", epilog=help_texts.settings(*_OF_AN_ARCHIVE))
def copy_command(
    to: Annotated[str, typer.Option(help="a folder, or an object store as in DICOMWEB_BLOBS")],
) -> None:
    """Copy all files to another place. The service may go on meanwhile.

    Ctrl-C stops after the files at hand; run again, what is there already is not copied again.
    """
    settings = _settings()
    archive = _open(settings)
    with _told(), console.stopping() as stop:
        target = copied_to(settings, to)
        if target.place() == archive.blobs.place():
            raise ValueError(f"{to} is where the files are")
        archive.completeness.check()
        total = archive.index.read_now(number_of_instances)
        _finish(archive, console.watch("copy", copy(archive, target, stop), total, stop))


@app.command(epilog=help_texts.settings("viewer"))
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
    folder = _settings().viewer
    try:
        ohif.install(folder, package)
    except (OSError, DicomwebError) as error:
        typer.echo(f"no OHIF: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"OHIF {ohif.VERSION} is in {folder.absolute()}")


@app.command(epilog=help_texts.settings(*_OF_AN_ARCHIVE))
def migrate() -> None:
    """Bring the database to the newest schema."""
    _open(_settings()).close()


@key_app.command()
def add(
    name: Annotated[str, typer.Argument(help="of the program or person it is for")],
    role: Annotated[list[str], typer.Option(help="what it permits; may be given several times")],
    tenant: Annotated[str | None, typer.Option(help="whose studies it leads to; without one, all")] = None,
    expires: Annotated[str | None, typer.Option(help="for how long it holds, as in 90d")] = None,
) -> None:
    """Make a key, and show it: this once, it is kept nowhere."""
    settings = _settings()
    with _key_index(settings) as index, _ledger(settings, index) as ledger:
        seconds = None if expires is None else seconds_of(expires)
        key = key_commands.add(index, roles_of(settings), name, tuple(role), tenant, seconds, ledger)
    typer.echo(key)


@key_app.command(name="list")
def list_command() -> None:
    """Show all keys: whose they are and what they permit, but not what they are."""
    with _key_index(_settings()) as index:
        key_commands.show(index)


@key_app.command()
def revoke(name: Annotated[str, typer.Argument(help="of the key")]) -> None:
    """Let a key hold no longer."""
    settings = _settings()
    with _key_index(settings) as index, _ledger(settings, index) as ledger:
        key_commands.revoke(index, name, ledger)


@webhook_app.command(name="add")
def add_webhook(
    name: Annotated[str, typer.Argument(help="of the webhook, for people")],
    url: Annotated[str, typer.Argument(help="that is called; DICOMWEB_WEBHOOK_HOSTS has to name its host")],
    tenant: Annotated[str | None, typer.Option(help="of whose studies it is told; without one, all")] = None,
) -> None:
    """Let somebody be called when something changes, and show the secret of the signatures: this once."""
    settings = _settings()
    with _key_index(settings) as index, _ledger(settings, index) as ledger:
        secret = webhook_commands.add(index, settings.webhook_hosts, name, url, tenant, ledger)
    typer.echo(secret)


@webhook_app.command(name="list")
def list_webhooks() -> None:
    """Show who is called, how far they have come, and since when and why one is not called any more."""
    with _key_index(_settings()) as index:
        webhook_commands.show(index)


@webhook_app.command(name="remove")
def remove_webhook(name: Annotated[str, typer.Argument(help="of the webhook")]) -> None:
    """Call somebody no longer."""
    settings = _settings()
    with _key_index(settings) as index, _ledger(settings, index) as ledger:
        webhook_commands.remove(index, name, ledger)


@webhook_app.command(name="resume")
def resume_webhook(name: Annotated[str, typer.Argument(help="of the webhook")]) -> None:
    """Call somebody again who was given up: with what they lack."""
    settings = _settings()
    with _key_index(settings) as index, _ledger(settings, index) as ledger:
        webhook_commands.resume(index, name, ledger)


@app.command(epilog=help_texts.settings(*_OF_DIMSE))
def send(
    study: Annotated[str, typer.Argument(help="Study Instance UID")],
    to: Annotated[str, typer.Option(help="name of the peer")],
) -> None:
    """Send a study to a peer of DIMSE by C-STORE; the exit code is 0 if it has all of it."""
    from service import dimse_commands  # noqa: PLC0415 (to import pynetdicom takes long)

    settings = _settings()
    archive = _open(settings)
    with _told(), dimse_server.sendings_of(settings, archive) as sendings:
        dimse_commands.send(sendings, archive.index, dimse_server.peers_of(settings), study, to)
    archive.close()


def main() -> None:
    """Run the command line."""
    app()


def _settings(**values: object) -> Settings:
    """Return the settings; a wrong one ends the program with one line and exit code 2."""
    try:
        settings = Settings(**{name: value for name, value in values.items() if value is not None})  # type: ignore[arg-type]
    except ValidationError as error:
        for problem in error.errors():
            name = "_".join(map(str, problem["loc"][:1])).upper()
            typer.echo(f"DICOMWEB_{name}: {problem['msg'].removeprefix('Value error, ')}", err=True)
        raise typer.Exit(2) from None
    for name, nearest in unknown_variables(os.environ).items():
        typer.echo(f"{name} is no setting; the nearest is {nearest}", err=True)
    configure_log(settings.log_level)
    _check_audit(settings)
    return settings


def _check(problem: str | None) -> None:
    """Return if the service may start so: one that others can reach has to know who asks."""
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2)


def _many_workers(settings: Settings) -> str | None:
    if settings.workers == 1:
        return None
    return "--dimse goes with one worker: run dicomweb-service dimse beside, as often as it takes"


@contextmanager
def _key_index(settings: Settings) -> Iterator[Database]:
    """Lend the index, which has the keys; what cannot be done with it ends the program with one line."""
    archive = _open(settings)
    try:
        yield archive.index
    except (ValueError, DicomwebError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(1) from None
    finally:
        archive.close()


@contextmanager
def _ledger(settings: Settings, index: Database) -> Iterator[Ledger | None]:
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


def _check_audit(settings: Settings) -> None:
    """Return if the audit can go where it is to go; else one line ends the program."""
    try:
        check_places(settings.audit, tls_files_of(settings))
    except OSError as error:
        typer.echo(f"DICOMWEB_AUDIT: {error.filename or 'TLS'}: {error.strerror or error}", err=True)
        raise typer.Exit(2) from None


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


def _open(settings: Settings, *, anew: bool = False) -> Archive:
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
        archive = open_archive(
            url,
            blobs,
            replace=settings.on_conflict == "replace",
            connections=settings.database_connections,
        )
        if not anew:
            opening.check_tree(archive, url)
    except SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or error).splitlines()[0]
        _end(f"the index {versions.place(url)}: {reason}")
    except (OSError, DicomwebError) as error:
        _end(str(error).splitlines()[0])
    return archive


@contextmanager
def _told() -> Iterator[None]:
    """End the program with one line if the files cannot be had, or not be put where they are to go."""
    try:
        yield
    except (OSError, ValueError, DicomwebError) as error:
        typer.echo(str(error).splitlines()[0], err=True)
        raise typer.Exit(1) from None


def _end(reason: str) -> NoReturn:
    typer.echo(f"cannot open the archive: {reason}", err=True)
    raise typer.Exit(1)


def _finish(archive: Archive, exit_code: int) -> NoReturn:
    archive.close()
    raise typer.Exit(exit_code)


def _import(settings: Settings, archive: Archive, folder: Path, refusals: Report | None = None) -> int:
    """Store what is below a folder, and return the exit code."""
    files, clutter = look_through(folder)
    if refusals:
        report = refusals.path.absolute()
        files = [file for file in files if file.absolute() != report]
    with console.stopping() as stop, _ledger(settings, archive.index) as ledger:
        work = import_files(archive, files, stop, Owner(witness=ledger))
        outcomes = chain(clutter, refusals.of(work) if refusals else work)
        return console.watch("import", outcomes, len(clutter) + len(files), stop)


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


if __name__ == "__main__":
    main()
