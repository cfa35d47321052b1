"""C-MOVE and C-GET: instances go out one after the other, and responses count them. PS3.4 C.4.2, C.4.3."""

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field

from service.archive import Archive
from service.archive.index.engine.database import Database
from service.archive.instance import Instance
from service.dicom.json.data_set import encoded
from service.dimse.network import failures
from service.dimse.network.commands import Field
from service.dimse.network.failures import Failure
from service.dimse.network.peers import Peers
from service.dimse.network.statuses import SUCCESS
from service.dimse.network.visit import Visit
from service.dimse.outgoing.sending import Outcomes, Sender
from service.dimse.outgoing.suboperations import Originator, Outcome, Stored, Suboperations, taken_by
from service.dimse.outgoing.transcoding import Transcoding
from service.dimse.queries.information_models import GET_CLASSES, MOVE_CLASSES, Root
from service.dimse.queries.query_retrieve import Request, negotiated_of
from service.dimse.queries.selecting import instances_of

_FAILED_SOP_INSTANCES = "00080058"

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Count:
    """The sub-operations of a retrieve.

    Attributes:
        remaining: that have not begun.
        of: how many ended in each way.
        failed: SOP Instance UIDs of those that failed.
    """

    remaining: int
    of: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(Outcome, 0))
    failed: list[str] = field(default_factory=list)

    def add(self, instance: Instance, stored: Stored) -> None:
        """Count one that has ended."""
        self.remaining -= 1
        self.of[stored.outcome] += 1
        if stored.outcome is Outcome.FAILED:
            self.failed.append(instance.uids.instance)
            _log.warning("an instance could not be sent: %s", stored.reason)

    def fields(self, *, with_remaining: bool) -> dict[str, Field]:
        """Return the fields of a response that counts them."""
        counts: dict[str, Field] = {outcome.name: number for outcome, number in self.of.items()}
        return counts | ({"REMAINING": self.remaining} if with_remaining else {})

    @property
    def final_status(self) -> int:
        """The status when all have ended."""
        if not self.of[Outcome.FAILED] and not self.of[Outcome.WARNING]:
            return SUCCESS
        if self.of[Outcome.FAILED] and not self.of[Outcome.WARNING] and not self.of[Outcome.COMPLETED]:
            return failures.NO_SUBOPERATIONS
        return failures.SOME_FAILED


def _selected(index: Database, request: Request, visit: Visit, root: Root) -> list[Instance]:
    relational = negotiated_of(request.wire.association, request.sop_class).relational
    return instances_of(index, visit.scope, request.identifier(root), relational=relational)


def _retrieve(
    request: Request,
    instances: list[Instance],
    store: Callable[[list[Instance]], Outcomes],
) -> None:
    """Send instances and count them, until all have ended or nobody wants the rest."""
    request.instances = instances
    count = Count(len(instances))
    with closing(store(instances)) as outcomes:
        for instance, stored in zip(instances, outcomes, strict=True):
            count.add(instance, stored)
            if count.remaining and request.is_cancelled:
                break
            if count.remaining:
                request.respond(failures.PENDING, None, **count.fields(with_remaining=True))
    _finish(request, count, failures.CANCELLED if count.remaining else count.final_status)


def _finish(request: Request, count: Count, status: int) -> None:
    """Send the final response; unless all is well, it names what has failed."""
    fields = count.fields(with_remaining=status == failures.CANCELLED)
    if status == SUCCESS:
        request.respond(status, None, **fields)
        return
    names = {_FAILED_SOP_INSTANCES: {"vr": "UI", "Value": count.failed}}
    request.respond(status, encoded(names, implicit=request.is_implicit), **fields)


@dataclass(frozen=True, slots=True)
class Getting:
    """Answers C-GET: instances go over the association that asks for them.

    Attributes:
        archive: where they are.
        transcoding: what makes other transfer syntaxes of them.
    """

    archive: Archive
    transcoding: Transcoding

    def __call__(self, request: Request, visit: Visit) -> None:
        """Send what is asked for, and how it went."""
        instances = _selected(self.archive.index, request, visit, request.root(GET_CLASSES))
        wire = request.wire
        suboperations = Suboperations(self.archive, self.transcoding, wire, taken_by(wire.association))
        suboperations.message_id = request.message.MessageID
        _retrieve(request, instances, lambda chosen: (suboperations.store(each) for each in chosen))


@dataclass(frozen=True, slots=True)
class Moving:
    """Answers C-MOVE: instances go to a peer, over an association of our own.

    Attributes:
        index: where instances are looked up.
        sender: what sends them.
        peers: who is known; None if nobody is.
    """

    index: Database
    sender: Sender
    peers: Peers | None

    def __call__(self, request: Request, visit: Visit) -> None:
        """Send what is asked for, and how it went."""
        title = request.destination = str(request.message.MoveDestination).strip()
        instances = _selected(self.index, request, visit, request.root(MOVE_CLASSES))
        peer = self.peers.destination(title) if self.peers else None
        if peer is None:
            raise Failure(failures.DESTINATION_UNKNOWN, "the move destination is not known here")
        originator = Originator(visit.calling, request.message.MessageID)
        _retrieve(request, instances, lambda chosen: self.sender.each(peer, chosen, originator))
