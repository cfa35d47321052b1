"""What the audit is told of associations."""

from time import time

from service.archive.store import Outcome as Stored
from service.audit.event import Action, Actor, Event, Outcome, bounded
from service.audit.ledger import Ledger
from service.dimse.visit import Visit
from service.errors import Refusal

MEANS = "ae title"
"""By what a peer is known."""


def actor_of(visit: Visit) -> Actor:
    """Return who is at the other end, as the audit names them."""
    return Actor(bounded(visit.peer.name or visit.calling), MEANS, visit.address)


def tell_of_refusals(ledger: Ledger, outcome: Stored | None) -> None:
    """Tell of an instance that was not taken."""
    now = time()
    result = Outcome.REFUSED if outcome is None else Outcome.FAILED
    ledger.refused = [outcome] if isinstance(outcome, Refusal) else []
    details = ledger.refusals() if ledger.refused else {}
    ledger.audit.tell(Event(Action.STORE, result, ledger.actor, now, now, None, None, details))
