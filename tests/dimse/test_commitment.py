"""Storage commitment: who asks whether instances are kept for good is told so. PS3.4 J."""

from queue import Queue

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.uid import MRImageStorage

from tests.builders import IMPLICIT
from tests.dimse.calling import association
from tests.dimse.commitments import (
    COMMITMENT,
    INSTANCE,
    SOME_NOT,
    Report,
    asked,
    noting,
    only_a_transaction,
    store,
)
from tests.serving import Process
from tests.waiting import PATIENCE

NO_SUCH_INSTANCE, CLASS_CONFLICT, INVALID_ARGUMENT, NO_SUCH_ACTION = 0x0112, 0x0119, 0x0115, 0x0123


@pytest.fixture(scope="module")
def pacs(placed: Process) -> Process:
    return placed


def test_a_peer_of_which_nobody_knows_where_it_listens_is_told_in_its_association(port: int) -> None:
    store(port, "20.1.1")
    reports: Queue[Report] = Queue()
    names = (MRImageStorage, "20.1.1"), (MRImageStorage, "20.1.2"), ("1.2.840.10008.5.1.4.1.1.2", "20.1.1")
    with association(port, [(COMMITMENT, [IMPLICIT])], handlers=noting(reports)) as caller:
        status, _ = caller.send_n_action(asked("1.2.3", *names), 1, COMMITMENT, INSTANCE)
        assert status.Status == 0
        kind, report = reports.get(timeout=PATIENCE)
    assert (kind, report.TransactionUID) == (SOME_NOT, "1.2.3")
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == ["20.1.1"]
    failures = [(item.ReferencedSOPInstanceUID, item.FailureReason) for item in report.FailedSOPSequence]
    assert failures == [("20.1.2", NO_SUCH_INSTANCE), ("20.1.1", CLASS_CONFLICT)]


def test_an_instance_that_a_long_request_names_twice_is_kept(port: int) -> None:
    store(port, "20.2.1")
    reports: Queue[Report] = Queue()
    here, elsewhere = (
        (MRImageStorage, "20.2.1"),
        [(MRImageStorage, f"20.3.{number}") for number in range(600)],
    )
    with association(port, [(COMMITMENT, [IMPLICIT])], handlers=noting(reports)) as caller:
        caller.send_n_action(asked("1.2.4", here, *elsewhere, here), 1, COMMITMENT, INSTANCE)
        _, report = reports.get(timeout=PATIENCE)
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == ["20.2.1", "20.2.1"]
    assert len(report.FailedSOPSequence) == len(elsewhere)


@pytest.mark.parametrize(
    ("information", "action", "expected"),
    [
        (only_a_transaction(), 1, INVALID_ARGUMENT),
        (asked("1.2"), 1, INVALID_ARGUMENT),
        (asked("1.2", (MRImageStorage, "1.2")), 2, NO_SUCH_ACTION),
    ],
)
def test_what_cannot_be_asked_is_refused(port: int, information: Dataset, action: int, expected: int) -> None:
    with association(port, [(COMMITMENT, [IMPLICIT])]) as caller:
        status, _ = caller.send_n_action(information, action, COMMITMENT, INSTANCE)
    assert status.Status == expected


def test_of_a_request_that_is_refused_nothing_is_logged(pacs: Process, port: int) -> None:
    information = asked("1.2", (MRImageStorage, "1.2"))
    information[0x00081195] = DataElement(0x00081195, "UI", "Very^Secret", validation_mode=IGNORE)
    with association(port, [(COMMITMENT, [IMPLICIT])]) as caller:
        status, _ = caller.send_n_action(information, 1, COMMITMENT, INSTANCE)
    assert status.Status == INVALID_ARGUMENT
    assert "Secret" not in pacs.log.read_text()
