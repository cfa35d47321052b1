"""The audit in the index: events that are kept, and messages that wait to be sent."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import sqlalchemy as sa

from service.archive.index.schema.stored_json import StoredJson
from service.archive.index.schema.tables import audit_events, audit_outbox, studies
from service.dicom_json import first_value

_PATIENT_NAME, _PATIENT_ID, _ACCESSION_NUMBER = "00100010", "00100020", "00080050"

# Written once: building a statement costs more than running it.
_SUBJECTS = sa.select(studies.c.study_instance_uid, studies.c.attributes).where(
    studies.c.study_instance_uid.in_(sa.bindparam("studies", expanding=True))
)
_NUMBER = sa.select(studies.c.number_of_instances).where(
    studies.c.study_instance_uid == sa.bindparam("study")
)
_FORGET_EVENTS = sa.delete(audit_events).where(
    audit_events.c.event.in_(sa.bindparam("events", expanding=True))
)
_FORGET_MESSAGES = sa.delete(audit_outbox).where(
    audit_outbox.c.event.in_(sa.bindparam("events", expanding=True))
)
_DELIVERED = _FORGET_MESSAGES.where(audit_outbox.c.sink == sa.bindparam("of_sink"))
_DUE = (
    sa.select(audit_outbox.c.event, audit_outbox.c.sink, audit_outbox.c.content)
    .where(audit_outbox.c.sink == sa.bindparam("of_sink"), audit_outbox.c.due <= sa.bindparam("now"))
    .order_by(audit_outbox.c.due, audit_outbox.c.event)
    .limit(sa.bindparam("most"))
)
_DUE_TO_NOBODY = _DUE.with_for_update(skip_locked=True)  # several processes take them at the same time
_TAKE = (
    sa.update(audit_outbox)
    .where(
        audit_outbox.c.sink == sa.bindparam("of_sink"),
        audit_outbox.c.event.in_(sa.bindparam("events", expanding=True)),
    )
    .values(due=sa.bindparam("new_due"))
)


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom and what an event is about.

    Attributes:
        study: its UID.
        patient_id, patient_name, accession_number: as the index has them; empty where it has none.
    """

    study: str
    patient_id: str = ""
    patient_name: str = ""
    accession_number: str = ""


class KeptEvent(NamedTuple):
    """An event as a row.

    Attributes:
        event: its identity.
        time: when it began, in milliseconds since 1970.
        who: did it; folded.
        action: what was done.
        study: to which study; None for none.
        words: what it is found by besides; folded.
        content: all of it, as JSON.
    """

    event: str
    time: int
    who: str
    action: str
    study: str | None
    words: str
    content: bytes


class Message(NamedTuple):
    """What somebody is to be told of an event.

    Attributes:
        event: its identity.
        sink: who is to be told.
        content: the message.
    """

    event: str
    sink: str
    content: bytes


class EventSearch(NamedTuple):
    """Which events are looked for; empty for any.

    Attributes:
        who: what is in the name, folded.
        action: what was done.
        study: UID of the study.
        words: that are all in what the event is about, folded.
        since: the first moment, in milliseconds since 1970.
        until: the first moment after.
    """

    who: str = ""
    action: str = ""
    study: str = ""
    words: Sequence[str] = ()
    since: int | None = None
    until: int | None = None


def subjects(connection: sa.Connection, uids: Collection[str]) -> dict[str, Subject]:
    """Return the patients of those of these studies that are here."""
    rows = connection.execute(_SUBJECTS, {"studies": list(uids)})
    return {uid: _subject(uid, StoredJson(attributes)) for uid, attributes in rows}


def has_instances(connection: sa.Connection, study: str, number: int) -> bool:
    """Tell whether a study has this number of instances."""
    return connection.scalar(_NUMBER, {"study": study}) == number


def note(
    connection: sa.Connection, events: Sequence[KeptEvent], messages: Sequence[Message], due: int
) -> None:
    """Keep events, and messages to be sent; they take the place of those of the same event.

    Args:
        connection: in a writing transaction: that of what the events tell of.
        events: to be kept here.
        messages: to be sent.
        due: until when it is for the caller alone to send them, in milliseconds since 1970.
    """
    if events:
        connection.execute(_FORGET_EVENTS, {"events": [event.event for event in events]})
        connection.execute(
            sa.insert(audit_events),
            [{**event._asdict(), "study_instance_uid": event.study} for event in events],
        )
    if messages:
        connection.execute(_FORGET_MESSAGES, {"events": list({message.event for message in messages})})
        connection.execute(
            sa.insert(audit_outbox), [{**message._asdict(), "due": due} for message in messages]
        )


def has_due(connection: sa.Connection, sink: str, now: int) -> bool:
    """Tell whether a message waits that nobody is about to send."""
    return bool(connection.execute(_DUE, {"of_sink": sink, "now": now, "most": 1}).first())


def take_due(connection: sa.Connection, sink: str, now: int, until: int, most: int) -> list[Message]:
    """Return messages that nobody is about to send; until a moment they are for the caller to send."""
    rows = connection.execute(_DUE_TO_NOBODY, {"of_sink": sink, "now": now, "most": most})
    messages = [Message(*row) for row in rows]
    events = [message.event for message in messages]
    connection.execute(_TAKE, {"of_sink": sink, "events": events, "new_due": until})
    return messages


def delivered(connection: sa.Connection, sink: str, events: Collection[str]) -> None:
    """Let messages go that have been sent."""
    connection.execute(_DELIVERED, {"of_sink": sink, "events": list(events)})


def waiting(connection: sa.Connection, sink: str) -> int:
    """Return how many messages wait to be sent."""
    of_sink = audit_outbox.c.sink == sink
    return connection.scalar(sa.select(sa.func.count()).select_from(audit_outbox).where(of_sink)) or 0


def find_events(connection: sa.Connection, search: EventSearch, offset: int, most: int) -> list[bytes]:
    """Return events, the newest first."""
    statement = sa.select(audit_events.c.content).where(*_conditions(search))
    newest_first = statement.order_by(audit_events.c.time.desc(), audit_events.c.id.desc())
    return list(connection.scalars(newest_first.offset(offset).limit(most)))


def forget_events(connection: sa.Connection, before: int) -> None:
    """Let events go that are older than a moment, in milliseconds since 1970."""
    connection.execute(sa.delete(audit_events).where(audit_events.c.time < before))


def _conditions(search: EventSearch) -> list[sa.ColumnElement[bool]]:
    conditions = [audit_events.c.words.contains(word, autoescape=True) for word in search.words]
    if search.who:
        conditions.append(audit_events.c.who.contains(search.who, autoescape=True))
    if search.action:
        conditions.append(audit_events.c.action == search.action)
    if search.study:
        conditions.append(audit_events.c.study_instance_uid == search.study)
    if search.since is not None:
        conditions.append(audit_events.c.time >= search.since)
    if search.until is not None:
        conditions.append(audit_events.c.time < search.until)
    return conditions


def _subject(uid: str, attributes: StoredJson) -> Subject:
    values = attributes.parsed()
    name: Any = first_value(values, _PATIENT_NAME)
    groups = name.values() if isinstance(name, dict) else ()
    return Subject(
        uid,
        str(first_value(values, _PATIENT_ID) or ""),
        "=".join(str(group) for group in groups),
        str(first_value(values, _ACCESSION_NUMBER) or ""),
    )
