"""What one request writes, noted in the transactions that write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from time import time
from typing import Any

import sqlalchemy as sa

from service.archive.index.engine.witness import Note
from service.archive.index.owners import audit
from service.archive.index.owners.audit import Message, Subject
from service.audit.audit import Audit
from service.audit.event import Action, Actor, Event, Outcome, new_identity
from service.dicom.instance import Uids
from service.errors import Refusal

_MAX_SERIES = _MAX_REFUSED = 100  # that an event names
_STATUSES = {  # of what succeeds; a store may be answered with several
    Action.DELETE: 204,
    Action.MAKE_LINK: 201,
    Action.REVOKE_LINK: 204,
    Action.CHANGE_TENANT: 204,
}


@dataclass(frozen=True, slots=True)
class _Stored:
    """What has been stored of a study.

    Attributes:
        identity: of the event that tells of it, each time anew.
        instances: how many.
        series: their UIDs, not endlessly many.
    """

    identity: str
    instances: int = 0
    series: frozenset[str] = frozenset()

    def with_more(self, uids: Sequence[Uids]) -> "_Stored":
        series = self.series | {each.series for each in uids}
        return _Stored(self.identity, self.instances + len(uids), frozenset(sorted(series)[:_MAX_SERIES]))


@dataclass(slots=True)
class Ledger:
    """Notes what one caller writes; a `Witness`.

    Attributes:
        audit: that is told.
        actor: who writes.
        storing: what it is when instances come.
        refused: instances that were not taken, and why.
    """

    audit: Audit
    actor: Actor
    storing: Action = Action.STORE
    refused: Sequence[Refusal] = ()
    _begin: float = field(default_factory=time)
    _stored: dict[str, _Stored] = field(default_factory=dict)
    _staged: dict[str, _Stored] = field(default_factory=dict)
    _staged_messages: list[Message] = field(default_factory=list)
    _messages: dict[tuple[str, str], Message] = field(default_factory=dict)

    def stored(self, connection: sa.Connection, uids: Sequence[Uids]) -> None:
        """Note instances that are here now, in the event of their study: one for all of a request."""
        self._staged_messages = []
        by_study: dict[str, list[Uids]] = {}
        for each in uids:
            by_study.setdefault(each.study, []).append(each)
        self._staged = {
            study: self._stored.get(study, _Stored(new_identity())).with_more(of_study)
            for study, of_study in by_study.items()
        }
        known = audit.subjects(connection, by_study)
        events = [
            self._event(
                self.storing,
                known.get(study, Subject(study)),
                {"series": sorted(stored.series), "instances": stored.instances},
                stored.identity,
            )
            for study, stored in self._staged.items()
        ]
        self._note(connection, events)

    def committed(self) -> None:
        """Take as certain what was noted last: it is on disk."""
        self._stored |= self._staged
        self._staged = {}
        self._messages |= {(each.event, each.sink): each for each in self._staged_messages}
        self._staged_messages = []

    def deleting(self, connection: sa.Connection, uids: Sequence[Uids]) -> None:
        """Note instances that are about to go."""
        known = audit.subjects(connection, {each.study for each in uids})
        for subject in known.values():
            gone = [each for each in uids if each.study == subject.study]
            series = sorted({each.series for each in gone})[:_MAX_SERIES]
            is_whole = audit.has_instances(connection, subject.study, len(gone))
            details = {"series": series, "instances": len(gone), "wholeStudy": is_whole}
            self._note(connection, [self._event(Action.DELETE, subject, details)])

    def noting(self, action: Action, study: str | None, details: Mapping[str, Any]) -> Note:
        """Return what notes an action that has just succeeded, unless its result is False."""

        def note(connection: sa.Connection, result: object) -> None:
            if result is False:
                return
            known = audit.subjects(connection, [study]) if study else {}
            subject = known.get(study, Subject(study)) if study else None
            self._note(connection, [self._event(action, subject, details)])

        return note

    def refusals(self) -> dict[str, Any]:
        """Return what there is to tell of instances that were not taken; not endlessly many are named."""
        uids = sorted({refusal.sop_instance_uid for refusal in self.refused} - {""})
        reasons = sorted({f"{refusal.reason:04X}" for refusal in self.refused})
        return {"instances": len(self.refused), "failureReasons": reasons, "refused": uids[:_MAX_REFUSED]}

    def settle(self) -> None:
        """Send what has been noted and is on disk. Of the rest the index knows: it is sent if it is there."""
        messages, self._messages = list(self._messages.values()), {}
        self.audit.hand_over(messages)

    def _event(
        self, action: Action, subject: Subject | None, details: Mapping[str, Any], identity: str = ""
    ) -> Event:
        return Event(
            action,
            Outcome.SUCCESS,
            self.actor,
            self._begin,
            self._begin,
            _STATUSES.get(action),
            subject,
            details,
            identity or new_identity(),
        )

    def _note(self, connection: sa.Connection, events: Sequence[Event]) -> None:
        self._staged_messages += self.audit.note(connection, events)
