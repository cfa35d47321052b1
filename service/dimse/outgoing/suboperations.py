"""C-STORE as those ask for it who have the instances: sub-operations of a retrieve, and sending by itself.

Standard: PS3.4 B.2, PS3.7 9.1.1.
"""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from service.archive import Archive
from service.archive.instance import Instance
from service.dimse.network import commands
from service.dimse.network.association import Association
from service.dimse.network.commands import Field, StoreResponse
from service.dimse.network.negotiation import Context
from service.dimse.network.statuses import PROCESSING_FAILURE
from service.dimse.network.wire import ConnectionLost, Wire
from service.dimse.outgoing.forms import Taken, outgoing
from service.dimse.outgoing.transcoding import Transcoding
from service.errors import DamagedFile, DicomwebError, Unavailable


class Outcome(Enum):
    """What became of an instance at the other side."""

    COMPLETED = "completed"
    WARNING = "warning"
    FAILED = "failed"


class Stored(NamedTuple):
    """What the other side answered.

    Attributes:
        outcome: what became of the instance.
        reason: why it failed, "" where it did not: a status, or what went wrong here.
        may_pass: it can be another time.
    """

    outcome: Outcome
    reason: str = ""
    may_pass: bool = False


class Originator(NamedTuple):
    """Who asked for a move: PS3.7 9.1.1.1.

    Attributes:
        ae_title: of the peer that did.
        message_id: of its request.
    """

    ae_title: str
    message_id: int


_OUT_OF_RESOURCES = 0xA7
_WARNINGS = frozenset((0x0107, 0x0116))


def outcome_of(status: int) -> Outcome:
    """Return what a status of C-STORE means. PS3.4 B.2.3, PS3.7 C."""
    if status == 0:
        return Outcome.COMPLETED
    return Outcome.WARNING if status in _WARNINGS or 0xB000 <= status <= 0xBFFF else Outcome.FAILED


@dataclass(slots=True)
class Suboperations:
    """Stores instances of an archive over an association.

    Attributes:
        archive: where they are.
        transcoding: what makes other transfer syntaxes of them.
        wire: of the association.
        taken: what the other side takes.
        message_id: of the last request.
    """

    archive: Archive
    transcoding: Transcoding
    wire: Wire
    taken: Taken
    message_id: int = 0

    def store(self, instance: Instance, originator: Originator | None = None) -> Stored:
        """Send an instance, and return what became of it.

        Raises:
            ConnectionLost: the association has ended, or had to be, as a file broke off.
        """
        taken = self.taken.of(instance.sop_class_uid)
        if not taken:
            return Stored(Outcome.FAILED, "its SOP class is not taken")
        try:
            with outgoing(self.archive.blobs, self.transcoding, instance, taken) as (syntax, chunks):
                self._send(instance, taken[syntax], chunks, originator)
        except DicomwebError as error:
            may_pass = isinstance(error, Unavailable) and not isinstance(error, DamagedFile)
            return Stored(Outcome.FAILED, type(error).__name__, may_pass)
        return self._answered()

    def _send(
        self, instance: Instance, context_id: int, chunks: object, originator: Originator | None
    ) -> None:
        self.message_id = self.message_id % 0xFFFF + 1
        command: dict[int, Field] = {
            commands.COMMAND_FIELD: commands.C_STORE_RQ,
            commands.MESSAGE_ID: self.message_id,
            commands.PRIORITY: 0,
            commands.AFFECTED_SOP_CLASS_UID: instance.sop_class_uid,
            commands.AFFECTED_SOP_INSTANCE_UID: instance.uids.instance,
        }
        if originator:
            command[commands.MOVE_ORIGINATOR] = originator.ae_title
            command[commands.MOVE_ORIGINATOR_MESSAGE_ID] = originator.message_id
        try:
            self.wire.send(context_id, command, chunks)  # type: ignore[arg-type]
        except DicomwebError as error:  # half a message has gone, and nothing can come after it
            self.wire.break_off()
            raise ConnectionLost from error

    def _answered(self) -> Stored:
        response = self.wire.receive()
        if not isinstance(response, StoreResponse) or response.message_id != self.message_id:
            self.wire.break_off()
            raise ConnectionLost
        status = PROCESSING_FAILURE if response.status is None else response.status
        outcome = outcome_of(status)
        if outcome is not Outcome.FAILED:
            return Stored(outcome)
        return Stored(outcome, f"status {status:04X}", status >> 8 == _OUT_OF_RESOURCES)


def taken_by(association: Association) -> Taken:
    """Return what the other side of an established association takes."""
    return Taken(
        (Context(str(context.abstract_syntax), str(context.transfer_syntax[0])), context.context_id or 0)
        for context in association.accepted_contexts
        if context.as_scu
    )
