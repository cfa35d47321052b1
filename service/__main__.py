"""The command line: every command, and what it is called."""

from typing import Annotated

import typer

from service import installed
from service.commands import (
    dimse_command,
    help_texts,
    import_command,
    key_command,
    serve_command,
    upkeep_commands,
    webhook_command,
)
from service.commands.dimse_command import OF_DIMSE
from service.commands.help_texts import OF_AN_ARCHIVE

app = typer.Typer(
    help="A DICOMweb origin server. Every setting is an environment variable: see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,  # they show values, and values belong to patients
)
_key = typer.Typer(help="Keys of programs.", no_args_is_help=True)
_dimse = typer.Typer()
_webhook = typer.Typer(help="Who is called when something changes.", no_args_is_help=True)

_archive_settings = help_texts.settings(*OF_AN_ARCHIVE)
_dimse_settings = help_texts.settings(*OF_DIMSE)

app.command("serve", epilog=help_texts.settings())(serve_command.serve)
app.command("import", epilog=_archive_settings)(import_command.import_)
app.command("reindex", epilog=_archive_settings)(upkeep_commands.reindex)
app.command("verify", epilog=_archive_settings)(upkeep_commands.verify)
app.command("copy", epilog=_archive_settings)(upkeep_commands.copy)
app.command("viewer", epilog=help_texts.settings("viewer"))(upkeep_commands.viewer)
app.command("migrate", epilog=_archive_settings)(upkeep_commands.migrate)
app.command("send", epilog=_dimse_settings)(dimse_command.send)

app.add_typer(_key, name="key")
_key.command("add")(key_command.add)
_key.command("list")(key_command.show)
_key.command("revoke")(key_command.revoke)

app.add_typer(_dimse, name="dimse")
_dimse.callback(invoke_without_command=True, epilog=_dimse_settings)(dimse_command.serve)
_dimse.command("peers", epilog=help_texts.settings("dimse_peers"))(dimse_command.show)
_dimse.command("echo", epilog=_dimse_settings)(dimse_command.echo)

app.add_typer(_webhook, name="webhook")
_webhook.command("add")(webhook_command.add)
_webhook.command("list")(webhook_command.show)
_webhook.command("remove")(webhook_command.remove)
_webhook.command("resume")(webhook_command.resume)


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


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
