"""What the audit is told of associations."""

from collections.abc import Sequence
from contextlib import suppress
from time import time
from typing import Any

from service.archive.index.engine.database import Database
from service.archive.index.owners.audit import Subject, subjects
from service.archive.instance import Instance
from service.archive.stores.outcomes import Outcome as Stored
from service.audit.audit import Audit
from service.audit.event import Action, Actor, Event, Outcome, bounded
from service.audit.ledger import Ledger
from service.dimse.network import failures
from service.dimse.network.statuses import NOT_AUTHORIZED, SUCCESS
from service.dimse.network.visit import Visit
from service.dimse.queries.query_retrieve import Request
from service.errors import DicomwebError, Refusal

MEANS = "ae title"
"""By what a peer is known."""

_MAX_SERIES = 100  # that an event names
_DONE = frozenset({SUCCESS, failures.CANCELLED, failures.LIMIT_REACHED, failures.SOME_FAILED})


def actor_of(visit: Visit) -> Actor:
    """Return who is at the other end, as the audit names them."""
    return Actor(bounded(visit.peer.name or visit.calling), MEANS, visit.address)


def tell_of_stranger(audit: Audit, calling: str, address: str) -> None:
    """Tell of somebody who is not admitted."""
    now, actor = time(), Actor(bounded(calling), MEANS, address)
    audit.tell(Event(Action.AUTHENTICATE, Outcome.REFUSED, actor, now, now))


def tell_of_refusals(ledger: Ledger, outcome: Stored | None) -> None:
    """Tell of an instance that was not taken."""
    now = time()
    result = Outcome.REFUSED if outcome is None else Outcome.FAILED
    ledger.refused = [outcome] if isinstance(outcome, Refusal) else []
    details = ledger.refusals() if ledger.refused else {}
    ledger.audit.tell(Event(Action.STORE, result, ledger.actor, now, now, None, None, details))


def tell_of_request(audit: Audit, index: Database, visit: Visit, request: Request, begin: float) -> None:
    """Tell of a search, or of each study of a retrieve."""
    result = _outcome_of(request.status)

    def tell(action: Action, subject: Subject | None, details: dict[str, Any]) -> None:
        audit.tell(Event(action, result, actor_of(visit), begin, time(), None, subject, details))

    if not request.is_retrieve:
        tell(Action.QUERY, None, {"query": bounded(request.query)})
        return
    action = Action.EXPORT if request.destination else Action.RETRIEVE
    destination = {"destination": bounded(request.destination)} if request.destination else {}
    by_study: dict[str, list[Instance]] = {}
    for instance in request.instances:
        by_study.setdefault(instance.uids.study, []).append(instance)
    known: dict[str, Subject] = {}
    with suppress(DicomwebError):  # who was told of it stays told
        known = index.read_now(subjects, by_study)
    for study, instances in by_study.items():
        tell(action, known.get(study, Subject(study)), _amount(instances) | destination)
    if not by_study:
        tell(action, None, {"query": bounded(request.query)} | destination)


def _amount(instances: Sequence[Instance]) -> dict[str, Any]:
    series = sorted({instance.uids.series for instance in instances})[:_MAX_SERIES]
    return {"series": series, "instances": len(instances)}


def _outcome_of(status: int | None) -> Outcome:
    if status in _DONE:
        return Outcome.SUCCESS
    return Outcome.REFUSED if status == NOT_AUTHORIZED else Outcome.FAILED
