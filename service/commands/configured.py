"""The settings of a command: wrong ones end the program with one line and exit code 2."""

import os

import typer
from pydantic import ValidationError

from service.audit.opening import check_places
from service.parts import tls_files_of
from service.server.log import configure_log
from service.settings import Settings, unknown_variables


def settings_of(**values: object) -> Settings:
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


def check(problem: str | None) -> None:
    """Return if the service may start so: one that others can reach has to know who asks."""
    if problem:
        typer.echo(problem, err=True)
        raise typer.Exit(2)


def _check_audit(settings: Settings) -> None:
    """Return if the audit can go where it is to go; else one line ends the program."""
    try:
        check_places(settings.audit, tls_files_of(settings))
    except OSError as error:
        typer.echo(f"DICOMWEB_AUDIT: {error.filename or 'TLS'}: {error.strerror or error}", err=True)
        raise typer.Exit(2) from None
