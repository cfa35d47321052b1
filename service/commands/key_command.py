"""`key`: the keys of programs."""

from typing import Annotated

import typer

from service.commands import keys
from service.commands.configured import settings_of
from service.commands.opened import lent_index, lent_ledger
from service.durations import seconds_of
from service.settings import roles_of


def add(
    name: Annotated[str, typer.Argument(help="of the program or person it is for")],
    role: Annotated[list[str], typer.Option(help="what it permits; may be given several times")],
    tenant: Annotated[str | None, typer.Option(help="whose studies it leads to; without one, all")] = None,
    expires: Annotated[str | None, typer.Option(help="for how long it holds, as in 90d")] = None,
) -> None:
    """Make a key, and show it: this once, it is kept nowhere."""
    settings = settings_of()
    with lent_index(settings) as index, lent_ledger(settings, index) as ledger:
        seconds = None if expires is None else seconds_of(expires)
        key = keys.add(index, roles_of(settings), name, tuple(role), tenant, seconds, ledger)
    typer.echo(key)


def show() -> None:
    """Show all keys: whose they are and what they permit, but not what they are."""
    with lent_index(settings_of()) as index:
        keys.show(index)


def revoke(name: Annotated[str, typer.Argument(help="of the key")]) -> None:
    """Let a key hold no longer."""
    settings = settings_of()
    with lent_index(settings) as index, lent_ledger(settings, index) as ledger:
        keys.revoke(index, name, ledger)
