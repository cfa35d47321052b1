"""Storage commitment is reported to a peer that listens later, and by a process that comes later. PS3.4 J."""

from collections.abc import Iterator
from contextlib import contextmanager
from queue import Queue

import pytest
from pydicom.uid import MRImageStorage
from pynetdicom.ae import ApplicationEntity

from service.settings import Settings
from tests.builders import EXPLICIT, IMPLICIT
from tests.dimse.calling import association
from tests.dimse.commitments import ALL_KEPT, COMMITMENT, INSTANCE, Report, asked, noting, store
from tests.dimse.places import environment_of
from tests.ports import reserved_ports
from tests.serving import Process, process
from tests.waiting import PATIENCE, wait_for


@pytest.fixture(scope="module")
def known(place: Settings) -> Iterator[tuple[Process, int, dict[str, str]]]:
    """Lend a service that knows where a scanner listens, once it does; and its settings."""
    with reserved_ports(1) as [listening]:
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
