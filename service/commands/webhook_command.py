"""`webhook`: who is called when something changes."""

from typing import Annotated

import typer

from service.commands import webhooks
from service.commands.configured import settings_of
from service.commands.opened import lent_index, lent_ledger


def add(
    name: Annotated[str, typer.Argument(help="of the webhook, for people")],
    url: Annotated[str, typer.Argument(help="that is called; DICOMWEB_WEBHOOK_HOSTS has to name its host")],
    tenant: Annotated[str | None, typer.Option(help="of whose studies it is told; without one, all")] = None,
) -> None:
    """Let somebody be called when something changes, and show the secret of the signatures: this once."""
    settings = settings_of()
    with lent_index(settings) as index, lent_ledger(settings, index) as ledger:
        secret = webhooks.add(index, settings.webhook_hosts, name, url, tenant, ledger)
    typer.echo(secret)


def show() -> None:
    """Show who is called, how far they have come, and since when and why one is not called any more."""
    with lent_index(settings_of()) as index:
        webhooks.show(index)


def remove(name: Annotated[str, typer.Argument(help="of the webhook")]) -> None:
    """Call somebody no longer."""
    settings = settings_of()
    with lent_index(settings) as index, lent_ledger(settings, index) as ledger:
        webhooks.remove(index, name, ledger)


def resume(name: Annotated[str, typer.Argument(help="of the webhook")]) -> None:
    """Call somebody again who was given up: with what they lack."""
    settings = settings_of()
    with lent_index(settings) as index, lent_ledger(settings, index) as ledger:
        webhooks.resume(index, name, ledger)
