"""Sending: a study goes to a peer by C-STORE, asked for on the command line or by HTTP, and again."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.uid import MRImageStorage

from service.settings import Settings
from tests.builders import EXPLICIT, data_set, part10
from tests.dimse.calling import data_set as body
from tests.dimse.destinations import Destination, destination
from tests.dimse.places import environment_of
from tests.ports import reserved_ports
from tests.serving import Process, process, run
from tests.waiting import wait_for

FILES = {uid: part10(data_set(uid), EXPLICIT) for uid in ("41.1.1", "41.1.2")}


@pytest.fixture(scope="module")
def taker() -> Iterator[Destination]:
    with destination({MRImageStorage: [EXPLICIT]}) as taker:
        yield taker


@pytest.fixture(scope="module")
def nobody() -> Iterator[int]:
    """A port on which nobody listens."""
    with reserved_ports(1) as [port]:
        yield port


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory, taker: Destination, nobody: int) -> Path:
    """A file with a peer that listens, one that does not, and one of which nobody knows where it would."""
    file = tmp_path_factory.mktemp("peers") / "peers.toml"
    file.write_text(
        f'[STORE]\nhost = "127.0.0.1"\nport = {taker.peer.port}\n'
        f'[GONE]\nhost = "127.0.0.1"\nport = {nobody}\n[SCANNER]\nroles = ["uploader"]\n'
    )
    return file


@pytest.fixture(scope="module")
def pacs(place: Settings, peers: Path) -> Iterator[Process]:
    """The service, with a study of two instances."""
    settings = {"DICOMWEB_DIMSE_PEERS": str(peers), **environment_of(place)}
    with process(place.data, "--dimse", "0", **settings) as running:
        for content in FILES.values():
            running.client.post("/studies", content=content, headers={"content-type": "application/dicom"})
        yield running


def test_a_study_is_sent_when_an_admin_asks_for_it(pacs: Process, taker: Destination) -> None:
    taker.data_sets.clear()

    answer = pacs.client.post("/studies/41/send", json={"to": "STORE"})
    wait_for(lambda: pacs.client.get("/studies/41/send").json()[0]["state"] == "sent")

    assert answer.status_code == 202
    [sending] = pacs.client.get("/studies/41/send").json()
    assert (sending["to"], sending["instances"], sending["completed"], sending["failed"]) == (
        "STORE",
        2,
        2,
        0,
    )
    assert {uid: content for uid, (_, content) in taker.data_sets.items()} == {
        uid: body(file) for uid, file in FILES.items()
    }


def test_a_peer_that_does_not_answer_is_tried_again(pacs: Process) -> None:
    pacs.client.post("/studies/41/send", json={"to": "GONE"})
    wait_for(lambda: pacs.client.get("/studies/41/send").json()[0]["problem"] is not None)

    sending = pacs.client.get("/studies/41/send").json()[0]
    assert (sending["state"], sending["completed"]) == ("waiting", 0)
    assert sending["problem"] == "the peer cannot be called"


@pytest.mark.parametrize("sent", [{"to": "SCANNER"}, {"to": "NOBODY"}, {"to": 1}, {}, []])
def test_what_cannot_be_sent_to_is_refused(pacs: Process, sent: object) -> None:
    assert pacs.client.post("/studies/41/send", json=sent).status_code == 400


def test_a_study_that_is_not_here_is_not_sent(pacs: Process) -> None:
    assert pacs.client.post("/studies/42/send", json={"to": "STORE"}).status_code == 404
    assert pacs.client.get("/studies/42/send").status_code == 404


def test_the_command_line_sends_a_study_and_says_when_it_cannot(
    tmp_path: Path, peers: Path, taker: Destination
) -> None:
    taker.data_sets.clear()
    (tmp_path / "files").mkdir()
    for uid, content in FILES.items():
        (tmp_path / "files" / uid).write_bytes(content)
    data = tmp_path / "data"
    run(data, "import", tmp_path / "files")

    sent = run(data, "send", "41", "--to", "STORE", DICOMWEB_DIMSE_PEERS=str(peers))
    unsent = run(data, "send", "41", "--to", "GONE", DICOMWEB_DIMSE_PEERS=str(peers))

    assert (sent.returncode, unsent.returncode) == (0, 1), sent.stderr
    assert taker.data_sets.keys() == FILES.keys()
    assert "the peer cannot be called" in unsent.stderr
