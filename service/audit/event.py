"""An event of the audit: who did what, when, from where, to which study, with which result."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

from service.archive.index.owners.audit import KeptEvent, Subject

_MAX_TEXT = 2000  # characters of what a client has sent


class Action(StrEnum):
    """What was done. Those of `WRITES` are noted with what they write, all others soon after."""

    START = "start"
    STOP = "stop"
    SIGN_IN = "sign-in"
    SIGN_OUT = "sign-out"
    AUTHENTICATE = "authenticate"
    STORE = "store"
    IMPORT = "import"
    QUERY = "query"
    RETRIEVE = "retrieve"
    EXPORT = "export"
    DELETE = "delete"
    MAKE_LINK = "make link"
    REVOKE_LINK = "revoke link"
    LIST_LINKS = "list links"
    MAKE_KEY = "make key"
    REVOKE_KEY = "revoke key"
    CHANGE_TENANT = "change tenant"
    READ_TENANT = "read tenant"
    READ_AUDIT = "read audit"
    CHANGE_WEBHOOK = "change webhook"
    LIST_WEBHOOKS = "list webhooks"
    LIST_SENDINGS = "list sendings"


WRITES = frozenset(
    {
        Action.STORE,
        Action.IMPORT,
        Action.DELETE,
        Action.MAKE_LINK,
        Action.REVOKE_LINK,
        Action.MAKE_KEY,
        Action.REVOKE_KEY,
        Action.CHANGE_TENANT,
        Action.CHANGE_WEBHOOK,
    }
)


class Outcome(StrEnum):
    """With which result."""

    SUCCESS = "success"
    REFUSED = "refused"
    FAILED = "failed"


_REFUSALS = (401, 403)


def outcome_of(status: int) -> Outcome:
    """Return the outcome that an HTTP status tells."""
    if status < 400:
        return Outcome.SUCCESS
    return Outcome.REFUSED if status in _REFUSALS else Outcome.FAILED


class Actor(NamedTuple):
    """Who does something.

    Attributes:
        name: of a key, or of a person; empty where nobody knows.
        means: by what they are known.
        address: from where; empty for the service itself and its command line.
    """

    name: str
    means: str
    address: str = ""


SERVICE = Actor("dicomweb-service", "service")
COMMAND_LINE = "command"
"""The means of who is at the command line, where the system knows them."""


def new_identity() -> str:
    """Return the identity of a new event."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class Event:
    """Something that was done.

    Attributes:
        action: what.
        outcome: with which result.
        actor: by whom.
        begin: seconds since 1970.
        end: of the last of many requests that are one event.
        status: of HTTP; None for what was no request.
        subject: to which study and patient; None for none.
        details: what else there is to tell, as JSON can hold it.
        identity: that no other event has.
    """

    action: Action
    outcome: Outcome
    actor: Actor
    begin: float
    end: float
    status: int | None = None
    subject: Subject | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    identity: str = field(default_factory=new_identity)

    def line(self, source: str) -> bytes:
        """Return the event as JSON, in a line without its end.

        Args:
            source: of the service that tells it.
        """
        return orjson.dumps(self._values(source))

    def kept(self, source: str) -> KeptEvent:
        """Return the event as a row of the index."""
        subject = self.subject or Subject("")
        words = (subject.patient_id, subject.patient_name, subject.accession_number)
        return KeptEvent(
            self.identity,
            int(self.begin * 1000),
            self.actor.name.casefold(),
            self.action.value,
            subject.study or None,
            "\n".join(words).casefold(),
            self.line(source),
        )

    def _values(self, source: str) -> dict[str, Any]:
        values: dict[str, Any] = {"id": self.identity, "time": moment(self.begin)}
        if self.end > self.begin:
            values["until"] = moment(self.end)
        values |= {
            "source": source,
            "action": self.action.value,
            "outcome": self.outcome.value,
            "status": self.status,
            "who": self.actor.name,
            "means": self.actor.means,
            "address": self.actor.address,
        }
        if self.subject is not None:
            values |= {
                "study": self.subject.study,
                "patientId": self.subject.patient_id,
                "patientName": self.subject.patient_name,
                "accessionNumber": self.subject.accession_number,
            }
        return values | dict(self.details)


def moment(seconds: float) -> str:
    """Return a moment as text, in UTC: RFC 3339."""
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def bounded(text: str) -> str:
    """Return text of a client that is not endless, and can be written as UTF-8."""
    text = text[:_MAX_TEXT] + "…" if len(text) > _MAX_TEXT else text
    return text.encode("utf-8", "replace").decode()
