"""Who may call, and what they may do. PS3.8 9.3.4, PS3.15 B."""

import json
import ssl
from collections.abc import Iterator
from pathlib import Path
from socket import create_connection

import pytest
from pydicom import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import evt
from pynetdicom.presentation import build_role

from tests.audit.receiver import Certificate, certificate
from tests.builders import EXPLICIT, IMPLICIT, part10
from tests.builders import data_set as dataset
from tests.dimse.calling import association, dcmtk, request, stored
from tests.serving import Process, process, run
from tests.waiting import PATIENCE, wait_for

FIND, GET = "1.2.840.10008.5.1.4.1.2.2.1", "1.2.840.10008.5.1.4.1.2.2.3"
UNKNOWN_CALLING, UNKNOWN_CALLED, NOT_AUTHORIZED = (1, 1, 3), (1, 1, 7), 0x0124
PEERS = """
[CT1]
addresses = ["127.0.0.0/8"]
roles = ["uploader"]
tenant = "radiology"

[FOREIGN]
addresses = ["192.0.2.0/24"]
roles = ["admin"]

[READER]
roles = ["reader"]

[NURSE]
roles = ["writer"]
tenant = "ward"
"""


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Lend a service that knows its peers."""
    folder = tmp_path_factory.mktemp("guarded")
    (folder / "peers.toml").write_text(PEERS)
    settings = {
        "DICOMWEB_DIMSE_PEERS": str(folder / "peers.toml"),
        "DICOMWEB_AUDIT": str(folder / "data.audit"),
    }
    with process(folder / "data", "--dimse", "0", **settings) as service:
        yield service


def called(service: Process) -> int:
    """Return the port of DIMSE."""
    assert service.dimse_port is not None
    return service.dimse_port


def rejection(port: int, calling: str, title: str) -> tuple[int, ...]:
    """Return result, source and reason with which an association is rejected. PS3.8 9.3.4.

    A client of pynetdicom may take a rejection that comes quickly for a connection that failed.
    """
    with create_connection(("127.0.0.1", port), PATIENCE) as stranger:
        stranger.sendall(request(calling=calling, called=title))
        content = b"".join(iter(lambda: stranger.recv(16), b""))
    assert content[:7] == b"\3\0\0\0\0\4\0"
    return tuple(content[7:])


@pytest.mark.parametrize(
    ("calling", "title", "reason"),
    [
        ("STRANGER", "DICOMWEB", UNKNOWN_CALLING),
        ("FOREIGN", "DICOMWEB", UNKNOWN_CALLING),
        ("CT1", "OTHER", UNKNOWN_CALLED),
    ],
)
def test_who_is_not_known_or_calls_somebody_else_is_rejected(
    guarded: Process, calling: str, title: str, reason: tuple[int, int, int]
) -> None:
    assert rejection(called(guarded), calling, title) == reason


def test_the_audit_tells_of_strangers(guarded: Process) -> None:
    rejection(called(guarded), "INTRUDER", "DICOMWEB")
    audit = guarded.log.with_suffix(".audit")
    wait_for(lambda: "INTRUDER" in audit.read_text())
    [event] = [
        event for line in audit.read_text().splitlines() if (event := json.loads(line))["who"] == "INTRUDER"
    ]
    assert (event["action"], event["outcome"], event["address"]) == ("authenticate", "refused", "127.0.0.1")


def test_what_a_peer_brings_belongs_to_its_tenant_and_others_may_not_add_to_it(guarded: Process) -> None:
    port = called(guarded)
    with association(port, [(MRImageStorage, [EXPLICIT])], "CT1") as caller:
        assert stored(caller, part10(dataset("30.1.1"))) == (0, "")
    assert guarded.client.get("/studies/30/tenant").json() == {"tenant": "radiology"}
    with association(port, [(MRImageStorage, [EXPLICIT])], "NURSE") as caller:
        assert stored(caller, part10(dataset("30.1.2")))[0] == NOT_AUTHORIZED


def test_who_may_only_read_stores_nothing(guarded: Process) -> None:
    with association(called(guarded), [(MRImageStorage, [EXPLICIT])], "READER") as caller:
        assert stored(caller, part10(dataset("30.2.1"))) == (NOT_AUTHORIZED, "not authorized to store")
    assert guarded.client.get("/studies/30/series/30.2").status_code == 404


def test_the_audit_tells_who_has_stored_what_and_from_where(guarded: Process) -> None:
    with association(called(guarded), [(MRImageStorage, [EXPLICIT])], "CT1") as caller:
        assert stored(caller, part10(dataset("31.1.1", PatientID="P1"))) == (0, "")
    audit = guarded.log.with_suffix(".audit")
    wait_for(lambda: '"study":"31"' in audit.read_text())
    [event] = [
        event for line in audit.read_text().splitlines() if (event := json.loads(line)).get("study") == "31"
    ]
    told = {name: event[name] for name in ("action", "outcome", "who", "address", "patientId")}
    assert told == {
        "action": "store",
        "outcome": "success",
        "who": "CT1",
        "address": "127.0.0.1",
        "patientId": "P1",
    }


def test_the_audit_tells_who_has_looked_for_what_and_taken_what(guarded: Process) -> None:
    port, audit = called(guarded), guarded.log.with_suffix(".audit")
    with association(port, [(MRImageStorage, [EXPLICIT])], "CT1") as caller:
        assert stored(caller, part10(dataset("34.1.1", PatientID="P4"))) == (0, "")
    wanted = Dataset()
    wanted.QueryRetrieveLevel, wanted.StudyInstanceUID = "STUDY", "34"
    roles = [build_role(MRImageStorage, scp_role=True)]
    handlers = [(evt.EVT_C_STORE, lambda _: 0)]
    contexts = [(FIND, [IMPLICIT]), (GET, [IMPLICIT]), (MRImageStorage, [EXPLICIT])]
    with association(port, contexts, "READER", handlers=handlers, roles=roles) as caller:
        assert [status.Status for status, _ in caller.send_c_find(wanted, FIND)] == [0xFF00, 0]
        assert [status.Status for status, _ in caller.send_c_get(wanted, GET)][-1] == 0

    def told() -> list[dict[str, object]]:
        events = [json.loads(line) for line in audit.read_text().splitlines()]
        return [event for event in events if event["who"] == "READER" and event["outcome"] == "success"]

    wait_for(lambda: len(told()) == 2)
    search, retrieve = sorted(told(), key=lambda event: str(event["action"]))
    assert (search["action"], search["query"]) == ("query", "STUDY?0020000D=34")
    assert (retrieve["action"], retrieve["patientId"], retrieve["instances"]) == ("retrieve", "P4", 1)


def test_without_peers_only_this_machine_is_served(tmp_path: Path) -> None:
    refused = run(tmp_path / "data", "dimse", "--host", "0.0.0.0", "--port", "0")  # noqa: S104
    assert refused.returncode == 2
    assert "DICOMWEB_DIMSE_PEERS" in refused.stderr


def test_a_file_of_peers_that_cannot_be_is_told_at_start(tmp_path: Path) -> None:
    (tmp_path / "peers.toml").write_text("[CT1]\nport = 0")
    refused = run(
        tmp_path / "data", "dimse", "--port", "0", DICOMWEB_DIMSE_PEERS=str(tmp_path / "peers.toml")
    )
    assert refused.returncode == 1
    assert refused.stderr == "DICOMWEB_DIMSE_PEERS: [CT1] port has to be a number from 1 to 65535\n"


def test_peers_are_shown_and_greeted(guarded: Process, tmp_path: Path) -> None:
    file = tmp_path / "peers.toml"
    file.write_text(
        f'[PACS]\nae_title = "DICOMWEB"\nhost = "127.0.0.1"\nport = {called(guarded)}\nroles = ["reader"]\n'
    )
    settings = {"DICOMWEB_DIMSE_PEERS": str(file), "DICOMWEB_DIMSE_AE_TITLE": "READER"}
    assert "127.0.0.1" in run(tmp_path / "data", "dimse", "peers", **settings).stdout
    greeted = run(tmp_path / "data", "dimse", "echo", "PACS", **settings)
    assert (greeted.returncode, greeted.stdout) == (0, "PACS answers\n")
    unknown = run(tmp_path / "data", "dimse", "echo", "NOBODY", **settings)
    assert unknown.returncode == 1
    rejected = run(
        tmp_path / "data", "dimse", "echo", "PACS", **{**settings, "DICOMWEB_DIMSE_AE_TITLE": "STRANGER"}
    )
    assert (rejected.returncode, rejected.stderr) == (1, "PACS does not answer, or rejects the association\n")


@pytest.fixture(scope="module")
def secret(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, Certificate, Certificate]]:
    """Lend a service that speaks TLS to those who have a certificate; theirs, and who vouches for both."""
    folder = tmp_path_factory.mktemp("secret")
    authority = certificate(folder / "authority.pem", "authority")
    ours = certificate(folder / "ours.pem", "localhost", authority)
    theirs = certificate(folder / "theirs.pem", "scanner", authority)
    settings = {
        "DICOMWEB_DIMSE_TLS_CERTIFICATE": str(ours.path),
        "DICOMWEB_DIMSE_TLS_CA": str(authority.path),
    }
    with process(folder / "data", "--dimse", "0", **settings) as service:
        yield called(service), theirs, authority


def test_peers_with_a_certificate_are_served_by_tls(secret: tuple[int, Certificate, Certificate]) -> None:
    port, theirs, authority = secret
    context = ssl.create_default_context(cafile=str(authority.path))
    context.load_cert_chain(theirs.path)
    with association(port, [(MRImageStorage, [EXPLICIT])], tls=context) as caller:
        assert stored(caller, part10(dataset("32.1.1"))) == (0, "")


def answer(port: int, context: ssl.SSLContext | None) -> bytes:
    """Return how a request begins to be answered; with nothing where the connection ends."""
    try:
        with create_connection(("127.0.0.1", port), PATIENCE) as plain:
            if context is None:
                plain.sendall(request())
                return plain.recv(1)
            with context.wrap_socket(plain, server_hostname="localhost") as secret:
                secret.sendall(request())
                return secret.recv(1)
    except OSError:
        return b""


def test_peers_without_a_certificate_and_those_without_tls_get_nothing(
    secret: tuple[int, Certificate, Certificate],
) -> None:
    port, _, authority = secret
    nameless = ssl.create_default_context(cafile=str(authority.path))
    for context in (nameless, None):
        assert answer(port, context) == b""


def test_dcmtk_stores_by_tls_with_a_certificate_and_not_without(
    secret: tuple[int, Certificate, Certificate], tmp_path: Path
) -> None:
    port, theirs, authority = secret
    (tmp_path / "file.dcm").write_bytes(part10(dataset("32.2.1")))
    trusted = ("+cf", authority.path, "localhost", port, tmp_path / "file.dcm")

    named = dcmtk("storescu", "+tls", theirs.path, theirs.path, *trusted)
    nameless = dcmtk("storescu", "+tla", *trusted)
    plain = dcmtk("storescu", "localhost", port, tmp_path / "file.dcm")

    assert named.returncode == 0, named.stderr
    assert nameless.returncode != 0
    assert plain.returncode != 0


def test_dcmtk_greets_and_stores(port: int, tmp_path: Path) -> None:
    (tmp_path / "file.dcm").write_bytes(part10(dataset("33.1.1")))
    assert dcmtk("echoscu", "localhost", port).returncode == 0
    sent = dcmtk("storescu", "localhost", port, tmp_path / "file.dcm")
    assert sent.returncode == 0, sent.stderr
