"""Storage commitment: a peer asks whether we keep instances for good, and is told so. PS3.4 J.

Where we know at what address a peer listens, a request is a row before it is answered, and is reported in an
association of our own, tried again for a day; the row goes when that has been done. Any other peer is told in
the association in which it asked, as long as that lasts.
"""

import logging
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from pydicom.dataset import Dataset

from service.archive import Archive
from service.archive.files.reading.opened import check_files
from service.archive.index.errands.commitments import (
    Commitment,
    add_commitment,
    claim_commitment,
    postpone_commitment,
    remove_commitment,
)
from service.archive.index.lookups.named import find_named
from service.archive.instance import Instance, Named
from service.dicom.instance import is_uid
from service.dimse.network.association import Association
from service.dimse.network.destination import Calling
from service.dimse.network.negotiation import STORAGE_COMMITMENT
from service.dimse.network.peers import Peer
from service.dimse.network.visit import Visit
from service.errors import DicomwebError
from service.scope import EVERYTHING, Scope

STORAGE_COMMITMENT_INSTANCE = "1.2.840.10008.1.20.1.1"

_SUCCESS = 0x0000
_NO_SUCH_ACTION, _INVALID_ARGUMENT, _UNAVAILABLE, _NOT_AUTHORIZED = 0x0123, 0x0115, 0x0213, 0x0124
_NO_SUCH_INSTANCE, _CLASS_CONFLICT, _FAILURE = 0x0112, 0x0119, 0x0110  # Failure Reasons: PS3.3 C.14.1.1
_ALL_KEPT, _SOME_NOT = 1, 2  # Event Types: PS3.4 J.3.3
_LEASE = 30.0  # seconds, also after a crash within a report
_PAUSE = 5.0  # seconds between two looks for what is due
_log = logging.getLogger(__name__)


class Commitments:
    """Takes requests, and reports.

    Args:
        archive: that keeps instances.
        calling: how peers are called.
        named: a peer by its name, if it can be called.
    """

    def __init__(self, archive: Archive, calling: Calling, named: Callable[[str], Peer | None]) -> None:
        self._archive = archive
        self._calling = calling
        self._named = named
        self._is_ending = False
        self._waking = threading.Event()
        self._thread = threading.Thread(target=self._run, name="commitments", daemon=True)

    def begin(self) -> None:
        """Report what is due, from now on."""
        self._thread.start()

    def end(self) -> None:
        """Report no more."""
        self._is_ending = True
        self._waking.set()
        if self._thread.is_alive():
            self._thread.join(_PAUSE)

    def request(self, event: Any) -> tuple[int, None]:
        """Take a request, as an N-ACTION brings it; return its status."""
        association: Association = event.assoc
        visit = association.visit
        assert visit is not None
        if not visit.peer.permissions:
            return _NOT_AUTHORIZED, None
        if event.request.ActionTypeID != 1:
            return _NO_SUCH_ACTION, None
        asked = _asked(event)
        if asked is None:
            return _INVALID_ARGUMENT, None
        if self._named(visit.peer.name) is None:
            commitment = Commitment(0, visit.peer.name, *asked, 0, 0)
            association.afterwards.append(lambda: self._report_here(association, visit, commitment))
            return _SUCCESS, None
        try:
            self._archive.index.write_now(add_commitment, visit.peer.name, *asked)
        except DicomwebError:
            return _UNAVAILABLE, None
        except Exception as error:
            _log.error("a storage commitment could not be noted: %s", type(error).__name__)
            return _FAILURE, None
        association.afterwards.append(self._waking.set)
        return _SUCCESS, None

    def report_due(self) -> int:
        """Report what is due; return how many there were."""
        number = 0
        while commitment := self._archive.index.write_now(claim_commitment, _LEASE):
            number += 1
            peer = self._named(commitment.peer)
            scope = EVERYTHING if peer is None or peer.tenants is None else Scope(peer.tenants)
            try:
                if peer is None:
                    raise ValueError("nobody knows where it listens")
                with self._calling.providing(peer, STORAGE_COMMITMENT) as association:
                    self._report(association, scope, commitment)
            except Exception as error:
                _log.info(
                    "%s was not told of a storage commitment: %s", commitment.peer, type(error).__name__
                )
                if self._archive.index.write_now(postpone_commitment, commitment):
                    _log.error("%s was not told of a storage commitment for a day", commitment.peer)
        return number

    def _run(self) -> None:
        while not self._is_ending:
            self._waking.wait(_PAUSE)
            self._waking.clear()
            try:
                self.report_due()
            except Exception as error:
                _log.error("storage commitments cannot be reported: %s", type(error).__name__)

    def _report_here(self, association: Association, visit: Visit, commitment: Commitment) -> None:
        try:
            self._report(association, visit.scope, commitment)
        except (DicomwebError, ValueError, RuntimeError) as error:
            _log.info("a storage commitment could not be reported: %s", type(error).__name__)

    def _report(self, association: Association, scope: Scope, commitment: Commitment) -> None:
        """Report a commitment, which is done then.

        Raises:
            DicomwebError: the index cannot be asked.
            ValueError, RuntimeError: the peer did not take it.
        """
        kept, lacking = self._judged(scope, commitment.instances)
        report = _information(commitment.transaction_uid, kept, lacking)
        status, _ = association.send_n_event_report(
            report, _SOME_NOT if lacking else _ALL_KEPT, STORAGE_COMMITMENT, STORAGE_COMMITMENT_INSTANCE
        )
        if status.get("Status", _FAILURE) != 0:
            raise ValueError("the report was not taken")
        self._archive.index.write_now(remove_commitment, commitment)

    def _judged(self, scope: Scope, names: Sequence[Named]) -> tuple[list[Named], list[tuple[Named, int]]]:
        """Return those that are kept, and the others with the reason."""
        by_uid: dict[str, list[Instance]] = {}
        for instance in self._found(scope, names):
            by_uid.setdefault(instance.uids.instance, []).append(instance)
        reasons = [(name, self._reason(name, by_uid.get(name.sop_instance_uid, []))) for name in names]
        kept = [name for name, reason in reasons if not reason]
        return kept, [(name, reason) for name, reason in reasons if reason]

    def _found(self, scope: Scope, names: Sequence[Named]) -> Iterator[Instance]:
        for start in range(0, len(names), 500):
            uids = [name.sop_instance_uid for name in names[start : start + 500]]
            yield from self._archive.index.read_now(find_named, scope, uids)

    def _reason(self, name: Named, instances: Sequence[Instance]) -> int:
        """Return why an instance is not kept; 0 if it is."""
        if not instances:
            return _NO_SUCH_INSTANCE
        instances = [each for each in instances if each.sop_class_uid == name.sop_class_uid]
        if not instances:
            return _CLASS_CONFLICT
        try:
            check_files(self._archive.blobs, instances)
        except DicomwebError:
            return _FAILURE
        return 0


def _asked(event: Any) -> tuple[str, list[Named]] | None:
    """Return the transaction and the instances of a request; None if they cannot be read."""
    try:
        information = event.action_information
        transaction = str(information.TransactionUID)
        names = [
            Named(str(item.ReferencedSOPClassUID), str(item.ReferencedSOPInstanceUID))
            for item in information.ReferencedSOPSequence
        ]
    except Exception:
        return None
    uids = [transaction, *(uid for name in names for uid in name)]
    return (transaction, names) if names and all(map(is_uid, uids)) else None


def _information(transaction: str, kept: Sequence[Named], lacking: Sequence[tuple[Named, int]]) -> Dataset:
    """Return the Event Information: PS3.4 Table J.3-2."""
    report = Dataset()
    report.TransactionUID = transaction
    if kept:
        report.ReferencedSOPSequence = [_item(name) for name in kept]
    if lacking:
        report.FailedSOPSequence = [_item(name, reason) for name, reason in lacking]
    return report


def _item(name: Named, reason: int = 0) -> Dataset:
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = name
    if reason:
        item.FailureReason = reason
    return item
