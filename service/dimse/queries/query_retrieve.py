"""C-FIND, C-MOVE and C-GET of an association, answered by this service itself.

pynetdicom's own service classes make a Dataset of every answer and of every instance that is sent, in memory,
and cannot say that a limit was reached.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pynetdicom.dimse_primitives import C_FIND, C_GET, C_MOVE

from service.archive.index.engine.database import Database
from service.archive.instance import Instance
from service.dimse.network import commands, failures
from service.dimse.network.association import Association
from service.dimse.network.commands import Field
from service.dimse.network.failures import Failure, failure_of
from service.dimse.network.statuses import NOT_AUTHORIZED, SOP_CLASS_NOT_SUPPORTED, SUCCESS
from service.dimse.network.visit import Visit
from service.dimse.network.wire import ConnectionLost, Wire
from service.dimse.queries.answers import Answers
from service.dimse.queries.finding import Negotiated, found, has_unsupported_keys, query_of
from service.dimse.queries.identifier import Identifier, check_unique_keys, read_identifier
from service.dimse.queries.information_models import FIND_CLASSES, Root
from service.errors import DicomwebError
from service.permissions import Permission
from service.transfer_syntaxes import IMPLICIT_VR_LITTLE_ENDIAN

_log = logging.getLogger(__name__)


class Request:
    """A request that is being answered.

    Args:
        wire: over which it came.
        message: as pynetdicom has it.
        context_id: of the presentation context.
        response: the command field of its responses.

    Attributes:
        status: of the response that was sent last; None if there was none.
        query: what it looks for, as text; for the audit alone.
        instances: that it retrieves.
        destination: of a C-MOVE.
    """

    def __init__(self, wire: Wire, message: Any, context_id: int, response: int) -> None:
        self.wire = wire
        self.message = message
        self._context_id = context_id
        self._response = response
        context = wire.association._accepted_cx[context_id]
        self.sop_class = str(context.abstract_syntax)
        self.transfer_syntax = str(context.transfer_syntax[0])
        self.status: int | None = None
        self.query = ""
        self.instances: list[Instance] = []
        self.destination = ""

    @property
    def is_cancelled(self) -> bool:
        """Whether the peer wants no more of it."""
        return self.wire.is_cancelled(self.message.MessageID)

    @property
    def is_retrieve(self) -> bool:
        """Whether instances are to be sent."""
        return self.sop_class not in FIND_CLASSES

    @property
    def is_implicit(self) -> bool:
        """Whether VRs are not written."""
        return self.transfer_syntax == IMPLICIT_VR_LITTLE_ENDIAN

    def root(self, classes: Mapping[str, Root]) -> Root:
        """Return the information model that it is about, given those of its operation by SOP class.

        Raises:
            Failure: it came over a presentation context of another operation.
        """
        root = classes.get(self.sop_class)
        if root is None:
            raise Failure(SOP_CLASS_NOT_SUPPORTED, "the presentation context is of another operation")
        return root

    def identifier(self, root: Root) -> Identifier:
        """Return what it looks for.

        Raises:
            Failure: that cannot be understood.
        """
        raw = self.message.Identifier.getvalue() if self.message.Identifier else b""
        identifier = read_identifier(raw, self.transfer_syntax, root)
        keys = dict(identifier.keys())
        looked_for = "&".join(f"{name}={value}" for name, value in keys.items() if value)
        self.query = f"{identifier.level.name}?{looked_for}"
        return identifier

    def respond(self, status: int, data_set: bytes | None = None, **fields: Field) -> None:
        """Send a response.

        Args:
            status: of it.
            data_set: its identifier.
            fields: further ones of the command, by the names of `commands`.

        Raises:
            ConnectionLost: there is nobody to send it to.
        """
        data_sets = None if data_set is None else [data_set]
        self.wire.send(self._context_id, self._command(status, **fields), data_sets)

    def respond_with_all(
        self, status: int, data_sets: Sequence[bytes], end: int | None = None, **fields: Field
    ) -> None:
        """Send a response with each of some short data sets.

        Args:
            status: of them.
            data_sets: identifiers.
            end: the status of the last response, without a data set, that goes out with them; None for none.
            fields: further ones of its command.

        Raises:
            ConnectionLost: there is nobody to send them to.
        """
        command = self._command(status)
        last = None if end is None else self._command(end, **fields)
        self.wire.send_all(self._context_id, command, data_sets, last)

    def _command(self, status: int, **fields: Field) -> dict[int, Field]:
        self.status = status
        return {
            commands.COMMAND_FIELD: self._response,
            commands.MESSAGE_ID_RESPONDED_TO: self.message.MessageID,
            commands.AFFECTED_SOP_CLASS_UID: self.sop_class,
            commands.STATUS: status,
            **{getattr(commands, name): value for name, value in fields.items()},
        }


Answer = Callable[[Request, Visit], None]


@dataclass(frozen=True, slots=True)
class Finding:
    """Answers C-FIND.

    Attributes:
        index: that is searched.
        max_results: of one search.
    """

    index: Database
    max_results: int

    def __call__(self, request: Request, visit: Visit) -> None:
        """Send the matches, and how the search ended."""
        root = request.root(FIND_CLASSES)
        identifier = request.identifier(root)
        negotiated = negotiated_of(request.wire.association, root.find)
        if not negotiated.relational:
            check_unique_keys(identifier)
        query = query_of(identifier, negotiated, self.max_results + 1)
        is_warned = has_unsupported_keys(identifier)
        pending = failures.PENDING_WITH_UNSUPPORTED_KEYS if is_warned else failures.PENDING
        answers = Answers(identifier, query, visit.called, implicit=request.is_implicit)
        room, waiting = self.max_results, list[bytes]()
        for portion in found(self.index, visit.scope, query, identifier.level, answers):
            if request.is_cancelled:
                request.respond(failures.CANCELLED)
                return
            room -= len(portion)
            if room < 0:
                message = commands.comment(f"the first {self.max_results} matches; narrow the search")
                within = [*waiting, *portion[:room]]
                request.respond_with_all(pending, within, failures.LIMIT_REACHED, ERROR_COMMENT=message)
                return
            if waiting:
                request.respond_with_all(pending, waiting)
            waiting = portion
        request.respond_with_all(pending, waiting, SUCCESS)


class Queries:
    """Answers searches and retrieves.

    Args:
        finding: answers C-FIND.
        moving: answers C-MOVE.
        getting: answers C-GET.
    """

    def __init__(self, finding: Answer, moving: Answer, getting: Answer) -> None:
        self._kinds: dict[type, tuple[int, Answer]] = {
            C_FIND: (commands.C_FIND_RSP, finding),
            C_MOVE: (commands.C_MOVE_RSP, moving),
            C_GET: (commands.C_GET_RSP, getting),
        }

    def answer(self, association: Association, message: Any, context_id: int) -> Request:
        """Answer a request, and return it; what fails becomes a status, and who has gone is no failure."""
        response, answering = self._kinds[type(message)]
        request = Request(Wire(association), message, context_id, response)
        try:
            _answer(request, association.visit, answering)
        except ConnectionLost:
            _log.info("an association ended before its request was answered")
        except Exception:
            _log.exception("a search or a retrieve failed")
            association.abort()
        return request


def _answer(request: Request, visit: Visit | None, answering: Answer) -> None:
    try:
        if visit is None or not visit.may(Permission.READ):
            raise Failure(NOT_AUTHORIZED, "not authorized to read")
        answering(request, visit)
    except Failure as failure:
        _fail(request, failure)
    except DicomwebError as error:
        _fail(request, failure_of(error))


def _fail(request: Request, failure: Failure) -> None:
    request.respond(failure.status, ERROR_COMMENT=failure.comment)


def negotiated_of(association: Association, sop_class: str) -> Negotiated:
    """Return what was agreed upon for a SOP class: of what was proposed, what is done here."""
    proposed = association.requestor.sop_class_extended.get(sop_class, b"")  # type: ignore[call-overload]
    flags = [*map(bool, agreed(sop_class, proposed)), False, False, False]
    return Negotiated(*flags[:3])


def agreed(sop_class: str, proposed: bytes) -> bytes:
    """Return the answer to an extended negotiation: for `evt.EVT_SOP_EXTENDED`. PS3.4 C.5.1.1.1, C.5.2.

    Relational search and retrieve, combined dates and times and fuzzy names are done here; offsets from UTC
    are not applied, and enhanced multi-frame images not converted.
    """
    known = 3 if sop_class in FIND_CLASSES else 1
    return bytes(byte == 1 if place < known else 0 for place, byte in enumerate(proposed))
