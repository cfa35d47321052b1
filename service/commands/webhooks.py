"""What `dicomweb-service webhook` does: add, list, remove and resume who is called."""

from collections.abc import Sequence
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table

from service.archive.index.engine.database import Database
from service.archive.index.events.webhooks import SECOND, all_webhooks, backlog
from service.audit.ledger import Ledger
from service.feed import subscriptions
from service.feed.allowed_hosts import AllowedHosts
from service.feed.subscriptions import Change
from service.scope import EVERYTHING


def add(
    index: Database,
    hosts: Sequence[str],
    name: str,
    url: str,
    tenant: str | None,
    ledger: Ledger | None = None,
) -> str:
    """Add a webhook, and return its secret: it is never to be had again.

    Raises:
        BadRequest: there is one of that name, or it may not be called.
    """
    secret, write = subscriptions.adding(AllowedHosts(hosts), name, url, tenant, ledger)
    index.write_now(write)
    return secret


def show(index: Database) -> None:
    """Print all webhooks, without their secrets."""
    table = Table("name", "address", "tenant", "made", "changes it lacks", "state")
    behind = index.read_now(backlog)
    for webhook in index.read_now(all_webhooks, EVERYTHING):
        state = f"since {_minute(webhook.stopped or webhook.failing_since)}: {webhook.problem}"
        kind = "stopped " if webhook.stopped else "fails " if webhook.failing_since else ""
        table.add_row(
            webhook.name,
            webhook.url,
            webhook.tenant or "",
            _minute(webhook.created),
            str(behind.get(webhook.name, "")),
            kind + state if kind else "holds",
        )
    Console().print(table)


def remove(index: Database, name: str, ledger: Ledger | None = None) -> None:
    """Remove a webhook.

    Raises:
        WebhookNotFound: there is none of that name.
    """
    index.write_now(subscriptions.changing(Change.REMOVE, EVERYTHING, name, ledger))


def resume(index: Database, name: str, ledger: Ledger | None = None) -> None:
    """Call a webhook again.

    Raises:
        WebhookNotFound: there is none of that name.
    """
    index.write_now(subscriptions.changing(Change.RESUME, EVERYTHING, name, ledger))


def _minute(microseconds: int | None) -> str:
    return datetime.fromtimestamp((microseconds or 0) // SECOND, UTC).strftime("%Y-%m-%d %H:%M")
