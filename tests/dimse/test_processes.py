"""Several processes that serve DIMSE on one archive: whoever is asked, the answer is the same."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager

import pytest
from pydicom.uid import CTImageStorage

from service.settings import Settings
from tests.builders import EXPLICIT, IMPLICIT, ct_image, part10
from tests.dimse.calling import association, data_set, stored
from tests.dimse.destinations import Destination, destination
from tests.dimse.nodes import STUDY_ROOT, identifier
from tests.dimse.places import environment_of
from tests.forks import Fork, spawned_by
from tests.serving import Process, environment, process
from tests.waiting import wait_for

WORKERS = 2


@contextmanager
def dimse(place: Settings, *words: str, **settings: str) -> Iterator[tuple[Fork, int]]:
    """Run `dimse` at a place, and lend the process and its port."""
    with place.data.with_suffix(".dimse.log").open("a") as errors:
        popen = Fork(
            ("dimse", "--port", "0", *words), environment(place.data, settings), None, errors.fileno()
        )
    with popen:
        try:
            announced = popen.stdout.readline()
            assert announced.startswith("DIMSE at ")
            yield popen, int(announced.rpartition(":")[2])
        finally:
            popen.send_signal(signal.SIGTERM)
            popen.wait(60)


@pytest.fixture(scope="module")
def taker() -> Iterator[Destination]:
    with destination({CTImageStorage: [EXPLICIT]}) as taker:
        yield taker


@pytest.fixture(scope="module")
def settings(place: Settings, taker: Destination) -> dict[str, str]:
    """What all processes are told: instances are replaced, and where a destination is."""
    peers = place.data.with_suffix(".toml")
    peers.write_text(f'[STORE]\nhost = "127.0.0.1"\nport = {taker.peer.port}\n[SCANNER]\nroles = ["admin"]\n')
    own = {"DICOMWEB_DIMSE_PEERS": str(peers), "DICOMWEB_ON_CONFLICT": "replace"}
    return own | environment_of(place)


@pytest.fixture(scope="module")
def web(place: Settings, settings: dict[str, str]) -> Iterator[Process]:
    """The web server, of two processes."""
    with process(place.data, "--workers", str(WORKERS), **settings) as web:
        yield web
        web.stop()


@pytest.fixture(scope="module")
def together(place: Settings, settings: dict[str, str], web: Process) -> Iterator[tuple[Fork, int]]:
    """Two processes on one port; the one that started them, and the port."""
    with dimse(place, "--workers", str(WORKERS), **settings) as together:
        yield together


@pytest.fixture(scope="module")
def ports(place: Settings, settings: dict[str, str], together: tuple[Fork, int]) -> Iterator[list[int]]:
    """The port of two processes, and that of another one."""
    with dimse(place, **settings) as (_, port):
        yield [together[1], port]


def store(port: int, *files: bytes) -> list[int]:
    """Store files in one association, and return the statuses."""
    with association(port, [(CTImageStorage, [EXPLICIT])]) as caller:
        return [stored(caller, file)[0] for file in files]


def moved(port: int, study: str) -> int:
    """Move a study to the destination, and return how many instances went there."""
    with association(port, [(STUDY_ROOT.move, [IMPLICIT])]) as caller:
        keys = identifier("STUDY", StudyInstanceUID=study)
        *_, (status, _) = caller.send_c_move(keys, "STORE", STUDY_ROOT.move)
    return int(status.NumberOfCompletedSuboperations)


def found(port: int, study: str) -> int:
    """Return how many instances of a study are found."""
    with association(port, [(STUDY_ROOT.find, [IMPLICIT])]) as caller:
        keys = identifier("IMAGE", StudyInstanceUID=study, SeriesInstanceUID=f"{study}.1", SOPInstanceUID="")
        return len(list(caller.send_c_find(keys, STUDY_ROOT.find))) - 1


def test_what_all_of_them_store_at_the_same_time_each_of_them_finds_and_moves(
    ports: list[int], web: Process, taker: Destination
) -> None:
    files = [[part10(ct_image(f"81.1.{10 * sender + number}")) for number in range(5)] for sender in range(6)]

    with ThreadPoolExecutor(6) as pool:
        statuses = list(pool.map(lambda sender: store(ports[sender % 2], *files[sender]), range(6)))

    assert statuses == [[0] * 5] * 6
    for port in ports:
        taker.data_sets.clear()
        assert (found(port, "81"), moved(port, "81")) == (30, 30)
        came = {content for _, content in taker.data_sets.values()}
        assert came == {data_set(file) for sender in files for file in sender}
    assert len(web.client.get("/studies/81/metadata").json()) == 30


def test_what_one_of_them_replaces_the_others_move_as_it_is_now(ports: list[int], taker: Destination) -> None:
    for edition in range(1, 5):
        file = part10(ct_image("82.1.1", InstanceNumber=edition))
        assert store(ports[edition % 2], file) == [0]
        for port in ports * 2:
            taker.data_sets.clear()
            assert moved(port, "82") == 1
            assert taker.data_sets["82.1.1"][1] == data_set(file)


def test_one_of_them_that_dies_is_replaced_and_the_port_is_served(together: tuple[Fork, int]) -> None:
    parent, port = together
    wait_for(lambda: len(spawned_by(parent.pid)) == WORKERS)
    before = spawned_by(parent.pid)

    os.kill(before[0], signal.SIGKILL)
    wait_for(lambda: len(spawned_by(parent.pid)) == WORKERS and before[0] not in spawned_by(parent.pid))

    with ExitStack() as stack:
        callers = [
            stack.enter_context(association(port, [(CTImageStorage, [EXPLICIT])])) for _ in range(3 * WORKERS)
        ]
        files = [part10(ct_image(f"83.1.{number}")) for number in range(len(callers))]
        assert [stored(caller, file)[0] for caller, file in zip(callers, files, strict=True)] == [0] * 6
