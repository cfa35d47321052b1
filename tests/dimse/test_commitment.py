"""Storage commitment: who asks whether instances are kept for good is told so. PS3.4 J."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue
from socket import create_server

import pytest
from pydicom import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity

from service.settings import Settings
from tests.builders import EXPLICIT, IMPLICIT, part10
from tests.builders import data_set as dataset
from tests.dimse.calling import association, stored
from tests.dimse.places import environment_of
from tests.serving import Process, process
from tests.waiting import PATIENCE, wait_for

COMMITMENT, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
ALL_KEPT, SOME_NOT = 1, 2
NO_SUCH_INSTANCE, CLASS_CONFLICT, INVALID_ARGUMENT, NO_SUCH_ACTION = 0x0112, 0x0119, 0x0115, 0x0123
Report = tuple[int, Dataset]


@pytest.fixture(scope="module")
def pacs(placed: Process) -> Process:
    return placed


def asked(transaction: str, *names: tuple[str, str]) -> Dataset:
    """Return what is asked for."""
    information = Dataset()
    information.TransactionUID = transaction
    information.ReferencedSOPSequence = [Dataset() for _ in names]
    for item, (sop_class, instance) in zip(information.ReferencedSOPSequence, names, strict=True):
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return information


def only_a_transaction() -> Dataset:
    """Return what asks for nothing."""
    information = Dataset()
    information.TransactionUID = "1.2"
    return information


def noting(reports: "Queue[Report]") -> list[evt.EventHandlerType]:
    """Return what takes reports."""

    def take(event: evt.Event) -> tuple[int, None]:
        assert event.event_type is not None
        reports.put((event.event_type, event.event_information))
        return 0, None

    return [(evt.EVT_N_EVENT_REPORT, take)]


def store(port: int, uid: str, calling: str = "SCANNER") -> None:
    """Store an instance."""
    with association(port, [(MRImageStorage, [EXPLICIT])], calling) as caller:
        assert stored(caller, part10(dataset(uid))) == (0, "")


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


@pytest.fixture(scope="module")
def known(place: Settings) -> Iterator[tuple[Process, int, dict[str, str]]]:
    """Lend a service that knows where a scanner listens, once it does; and its settings."""
    with create_server(("127.0.0.1", 0)) as free:
        listening = free.getsockname()[1]
    peers = place.data.with_suffix(".toml")
    peers.write_text(f'[SCANNER]\nroles = ["writer"]\nhost = "127.0.0.1"\nport = {listening}\n')
    settings = {"DICOMWEB_DIMSE_PEERS": str(peers), **environment_of(place)}
    with process(place.data, "--dimse", "0", **settings) as service:
        yield service, listening, settings


@contextmanager
def scanner(listening: int, reports: "Queue[Report]") -> Iterator[None]:
    """Let the scanner listen."""
    entity = ApplicationEntity("SCANNER")
    entity.add_supported_context(COMMITMENT, [EXPLICIT], scu_role=True, scp_role=True)
    server = entity.start_server(("127.0.0.1", listening), block=False, evt_handlers=noting(reports))
    assert server is not None
    yield
    server.shutdown()


def test_a_peer_that_does_not_listen_yet_is_told_once_it_does_also_after_a_crash(
    known: tuple[Process, int, dict[str, str]], place: Settings
) -> None:
    service, listening, settings = known
    assert service.dimse_port is not None
    store(service.dimse_port, "20.2.1")
    with association(service.dimse_port, [(COMMITMENT, [IMPLICIT])]) as caller:
        status, _ = caller.send_n_action(asked("1.2.4", (MRImageStorage, "20.2.1")), 1, COMMITMENT, INSTANCE)
        assert status.Status == 0
    wait_for(lambda: "SCANNER was not told" in service.log.read_text())
    service.popen.kill()
    reports: Queue[Report] = Queue()
    with scanner(listening, reports), process(place.data, "--dimse", "0", **settings):
        kind, report = reports.get(timeout=PATIENCE)
    assert (kind, report.TransactionUID) == (ALL_KEPT, "1.2.4")
    assert [item.ReferencedSOPInstanceUID for item in report.ReferencedSOPSequence] == ["20.2.1"]
    assert "FailedSOPSequence" not in report
