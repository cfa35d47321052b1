"""Webhooks as people change them: checked, with a note for the audit in the same transaction."""

from collections.abc import Callable
from enum import Enum

import sqlalchemy as sa

from service.archive.index.engine.witness import Note, noted
from service.archive.index.events.webhooks import add_webhook, remove_webhook, resume_webhook
from service.audit.event import Action
from service.audit.ledger import Ledger
from service.errors import BadRequest, WebhookNotFound
from service.feed.allowed_hosts import AllowedHosts
from service.feed.cloud_event import new_secret
from service.permissions import is_name
from service.scope import Scope

_MAX_URL = 2000

Write = Callable[[sa.Connection], None]


class Change(Enum):
    """What is done to a webhook that is there."""

    REMOVE = "remove"
    RESUME = "resume"


_DONE = {Change.REMOVE: remove_webhook, Change.RESUME: resume_webhook}


def adding(
    hosts: AllowedHosts, name: str, url: str, tenant: str | None, ledger: Ledger | None
) -> tuple[str, Write]:
    """Return the secret of a new webhook, and what adds it.

    Raises:
        BadRequest: it may not be called, or a name is none; in the transaction: its name is taken.
    """
    for text in (name, tenant):
        if text is not None and not is_name(text):
            raise BadRequest("a name has 1 to 100 letters, digits, blanks and . _ @ + -")
    if len(url) > _MAX_URL:
        raise BadRequest(f"an address has at most {_MAX_URL} characters")
    hosts.check(url)
    secret, note = new_secret(), _note(ledger, name, {"change": "add", "url": url, "tenant": tenant})

    def add(connection: sa.Connection) -> None:
        if not noted(add_webhook, note)(connection, name, url, secret, tenant):
            raise BadRequest(f"there is a webhook of the name {name}: remove it first, or take another name")

    return secret, add


def changing(change: Change, scope: Scope, name: str, ledger: Ledger | None) -> Write:
    """Return what changes a webhook of this scope; it raises WebhookNotFound where there is none."""
    note = _note(ledger, name, {"change": change.value})

    def write(connection: sa.Connection) -> None:
        if not noted(_DONE[change], note)(connection, scope, name):
            raise WebhookNotFound(name)

    return write


def _note(ledger: Ledger | None, name: str, details: dict[str, object]) -> Note | None:
    return ledger.noting(Action.CHANGE_WEBHOOK, None, {"webhook": name, **details}) if ledger else None
