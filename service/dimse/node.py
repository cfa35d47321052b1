"""Our application entity: it listens, admits, and answers."""

import logging
import socket
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic, sleep, time
from typing import Any

from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity

from service.archive import Archive
from service.archive.stores.outcomes import Stored
from service.audit.audit import Audit
from service.audit.ledger import Ledger
from service.dicom.encoding.explicit import IMPLEMENTATION_CLASS_UID
from service.dimse.auditing import actor_of, tell_of_refusals, tell_of_request, tell_of_stranger
from service.dimse.commitment import Commitments
from service.dimse.network.arriving import Arriving, StoreRequest
from service.dimse.network.association import Association, Rejection
from service.dimse.network.destination import Calling
from service.dimse.network.listener import Listener
from service.dimse.network.peers import ANYBODY, Peer, Peers
from service.dimse.network.statuses import PROCESSING_FAILURE, Status
from service.dimse.network.visit import Visit
from service.dimse.network.wire import ConnectionLost, Wire
from service.dimse.outgoing.sending import Sender
from service.dimse.outgoing.sendings import Sendings
from service.dimse.outgoing.transcoding import Transcoding
from service.dimse.queries.query_retrieve import Finding, Queries, agreed
from service.dimse.retrieving import Getting, Moving
from service.dimse.storing import Storing, answered
from service.imaging.decoder import Decoder
from service.metrics import Metrics

IMPLEMENTATION_VERSION = "DICOMWEB"

_UNKNOWN_CALLING, _UNKNOWN_CALLED, _TOO_MANY = (1, 1, 3), (1, 1, 7), (2, 3, 2)  # PS3.8 Table 9-21
_MAX_SILENT = 200  # connections of which nobody knows yet whose they are
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Options:
    """How the node behaves.

    Attributes:
        ae_title: what it is called.
        max_associations: at the same time.
        max_pdu_bytes: that a peer may send at once.
        max_instance_bytes: of one file.
        idle_seconds: after which an association in which nothing happens ends.
        max_results: of one search.
        tls: for connections that come in; None for none.
    """

    ae_title: str
    max_associations: int
    max_pdu_bytes: int
    max_instance_bytes: int
    idle_seconds: float
    max_results: int
    tls: ssl.SSLContext | None = None


class Node:
    """Answers what others ask in associations; each has a thread.

    Args:
        archive: open.
        options: how it behaves.
        peers: who is known; None if nobody is asked who they are.
        audit: that is told; None for none.
        metrics: what counts; None if nothing is to be counted.
        calling: how peers are called.
        make_decoder: of frames that go out in another transfer syntax than they are stored in.
    """

    def __init__(
        self,
        archive: Archive,
        options: Options,
        peers: Peers | None,
        audit: Audit | None,
        metrics: Metrics | None,
        calling: Calling,
        make_decoder: Callable[[], Decoder],
    ) -> None:
        self._archive = archive
        self._options = options
        self._peers = peers
        self._audit = audit
        self._metrics = metrics
        self._storing = Storing(archive, metrics)
        self._transcoding = Transcoding(archive, make_decoder)
        sender = Sender(archive, self._transcoding, calling)
        self._queries = Queries(
            Finding(archive.index, options.max_results),
            Moving(archive.index, sender, peers),
            Getting(archive, self._transcoding),
        )
        self._ledgers: dict[Association, Ledger] = {}
        self._associations: dict[Association, None] = {}  # in the order in which they came
        self._lock = threading.Lock()
        self._entity = entity = ApplicationEntity(options.ae_title)
        entity.maximum_pdu_size = options.max_pdu_bytes
        entity.network_timeout = entity.dimse_timeout = options.idle_seconds
        entity.acse_timeout = min(30, options.idle_seconds)
        entity.implementation_class_uid = IMPLEMENTATION_CLASS_UID
        entity.implementation_version_name = IMPLEMENTATION_VERSION
        self._listener: Listener | None = None
        self._commitments = Commitments(archive, calling, self._callable)
        self._sendings = Sendings(archive.index, sender, self._callable)

    # While it listens

    def begin(self, listening: socket.socket) -> None:
        """Take connections that come in.

        Args:
            listening: a socket that listens, to be closed with the node; other processes may have it too.
        """
        self._listener = Listener(self._entity, listening, self._open, self._options.tls, self._handlers())
        thread = threading.Thread(target=self._listener.serve_forever, name="dimse", daemon=True)
        thread.start()
        self._commitments.begin()
        self._sendings.begin()

    def end(self, seconds: float) -> None:
        """Take no more associations, and let those there are finish what they are about, for so long."""
        if self._listener is not None:
            self._listener.shutdown()
        self._commitments.end()
        self._sendings.end()
        for association in list(self._associations):
            association.is_ending = True
        end = monotonic() + seconds
        while self._associations and monotonic() < end:
            sleep(0.05)
        self._transcoding.close()

    def _open(self) -> Association:
        """Return a new association for somebody who has connected.

        Of many who connect and say nothing, those go first who came first: nobody else has to wait for them.
        """
        with self._lock:
            silent = [each for each in self._associations if each.visit is None]
            if len(silent) >= _MAX_SILENT:
                silent[0].hang_up()
            association = Association(self._entity, "acceptor", self)
            self._associations[association] = None
            return association

    def _handlers(self) -> list[tuple[Any, Callable[..., Any]]]:
        return [
            (evt.EVT_C_ECHO, lambda _: 0),
            (evt.EVT_N_ACTION, self._commitments.request),
            (evt.EVT_SOP_EXTENDED, _extended),
        ]

    def _callable(self, name: str) -> Peer | None:
        return self._peers.named(name) if self._peers else None

    # What associations ask: a Host

    def admitted(self, calling: str, called: str, association: Association) -> Visit | Rejection:
        """Return who calls, or why they are not admitted."""
        address = (
            str(association.requestor.address_info.address) if association.requestor.address_info else ""
        )
        admitted = sum(each.visit is not None for each in list(self._associations))
        if admitted >= self._options.max_associations:
            return _TOO_MANY
        if self._peers is None:
            return Visit(ANYBODY, calling, called, address)
        peer = self._peers.caller(calling, address)
        if peer is not None and called == self._options.ae_title:
            return Visit(peer, calling, called, address)
        if self._audit is not None:
            tell_of_stranger(self._audit, calling, address)
        return _UNKNOWN_CALLING if peer is None else _UNKNOWN_CALLED

    def arriving(self, sop_class: str, instance: str, transfer_syntax: str) -> Arriving:
        """Return what takes an instance that is about to come."""
        spool = self._archive.blobs.spool()
        return Arriving(spool, sop_class, instance, transfer_syntax, self._options.max_instance_bytes)

    def store(self, association: Association, request: StoreRequest, context_id: int) -> None:
        """Store an instance that has come, and answer."""
        assert association.visit is not None
        ledger, start = self._ledger(association), monotonic()
        try:
            status, outcome = self._storing.store(request.arriving, association.visit, ledger)
            if ledger is not None and not isinstance(outcome, Stored):
                tell_of_refusals(ledger, outcome)
        except Exception as error:
            _log.error("an instance could not be stored: %s", type(error).__name__)
            status = Status(PROCESSING_FAILURE, "the instance could not be processed")
        finally:
            request.arriving.discard()
        if self._metrics is not None:
            self._metrics.dimse("c-store", status.code, monotonic() - start)
        with suppress(ConnectionLost):  # it is stored all the same
            Wire(association).send(context_id, answered(request, status))

    def ask(self, association: Association, request: Any, context_id: int) -> None:
        """Answer a search or a retrieve."""
        begin, start = time(), monotonic()
        answered = self._queries.answer(association, request, context_id)
        if self._metrics is not None:
            operation = type(request).__name__.lower().replace("_", "-")
            self._metrics.dimse(operation, answered.status or 0, monotonic() - start)
        if self._audit is not None and association.visit is not None:
            tell_of_request(self._audit, self._archive.index, association.visit, answered, begin)

    def ended(self, association: Association) -> None:
        """Note that an association has ended."""
        with self._lock:
            self._associations.pop(association, None)
        ledger = self._ledgers.pop(association, None)
        if ledger is not None:
            ledger.settle()

    def _ledger(self, association: Association) -> Ledger | None:
        """Return where it is noted what an association writes; None without an audit."""
        if self._audit is None or association.visit is None:
            return None
        if association not in self._ledgers:
            self._ledgers[association] = Ledger(self._audit, actor_of(association.visit))
        return self._ledgers[association]


def _extended(event: Any) -> dict[UID, bytes]:
    """Answer extended negotiations. PS3.7 D.3.3.5."""
    return {sop_class: agreed(sop_class, proposed) for sop_class, proposed in event.app_info.items()}
