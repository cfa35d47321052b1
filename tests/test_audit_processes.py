"""The audit of whole processes: what they tell is there after a kill, and of commands too."""

import signal
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest

from tests.audit.receiver import certificate, tls_receiver
from tests.builders import ct_image, part10
from tests.ports import reserved_ports
from tests.serving import client_of, process, run
from tests.waiting import wait_for
from tests.web.messages import store


def file(uid: str) -> bytes:
    return part10(ct_image(uid))


def lines(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines()]


def study_of(client: httpx.Client) -> str:
    uid: str = client.get("studies").json()[0]["0020000D"]["Value"][0]
    return uid


def test_an_acknowledged_delete_is_told_after_a_kill(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    with process(tmp_path / "data", DICOMWEB_AUDIT=f"{path},index") as server:
        assert store(server.client, file("1.2.3")).status_code == 200
        study = study_of(server.client)
        assert server.client.delete(f"studies/{study}").status_code == 204
        server.stop(signal.SIGKILL)

    [event] = [line for line in lines(path) if line["action"] == "delete"]
    assert event["study"] == study
    with process(tmp_path / "data", DICOMWEB_AUDIT="index") as server:
        page = server.client.get(str(server.client.base_url.join("/audit")), params={"what": "delete"})
        assert study in page.text


def test_what_no_server_has_taken_before_a_kill_is_sent_after_the_next_start(tmp_path: Path) -> None:
    authority = certificate(tmp_path / "ca.pem", "authority")
    own = certificate(tmp_path / "server.pem", "server", authority)
    with reserved_ports(1) as [port]:
        settings = {
            "DICOMWEB_AUDIT": f"syslog+tls://localhost:{port}",
            "DICOMWEB_AUDIT_TLS_CA": str(authority.path),
        }
        with process(tmp_path / "data", **settings) as server:
            assert store(server.client, file("1.2.3")).status_code == 200
            study = study_of(server.client)
            assert server.client.delete(f"studies/{study}").status_code == 204
            server.stop(signal.SIGKILL)

        with tls_receiver(own, port=port) as receiver, process(tmp_path / "data", **settings):
            messages = receiver.until(lambda message: message.event[0] == "110105")

    [gone] = messages[-1].objects("110180")
    assert gone.get("ParticipantObjectID") == study


def test_processes_side_by_side_tell_of_all_requests(tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"

    with process(tmp_path / "data", DICOMWEB_AUDIT=str(path), DICOMWEB_WORKERS="2") as server:
        for number in range(8):
            assert store(server.client, file(f"1.2.{number}")).status_code == 200
        for _ in range(20):
            with client_of(str(server.client.base_url)) as client:
                assert client.get("studies").status_code == 200
        wait_for(lambda: sum(line["action"] == "start" for line in lines(path)) == 2)
        server.stop()

    told = lines(path)
    assert sum(line["instances"] for line in told if line["action"] == "store") == 8
    assert sum(line["requests"] for line in told if line["action"] == "query") == 20
    assert len({line["id"] for line in told}) == len(told)
    assert sum(line["action"] == "stop" for line in told) == 2


def test_commands_tell_what_they_do(tmp_path: Path) -> None:
    path, folder = tmp_path / "audit.jsonl", tmp_path / "files"
    folder.mkdir()
    for number in range(3):
        (folder / f"{number}.dcm").write_bytes(file(f"1.2.{number}"))
    data, settings = tmp_path / "data", {"DICOMWEB_AUDIT": str(path)}

    run(data, "import", folder, **settings)
    run(data, "key", "add", "robot", "--role", "reader", **settings)
    run(data, "key", "add", "robot", "--role", "reader", **settings)  # there is one already
    run(data, "key", "revoke", "robot", **settings)

    told = [(line["action"], line["means"], line.get("key")) for line in lines(path)]
    assert told[-2:] == [("make key", "command", "robot"), ("revoke key", "command", "robot")]
    assert {line["action"] for line in lines(path)[:-2]} == {"import"}
    assert sum(line["instances"] for line in lines(path)[:-2]) == 3


@pytest.mark.parametrize(
    ("places", "words"),
    [
        ("syslog+http://host:1", "DICOMWEB_AUDIT"),
        ("syslog+tls://host:99999", "DICOMWEB_AUDIT"),
        ("no/such/folder/audit.jsonl", "DICOMWEB_AUDIT"),
    ],
)
def test_a_place_that_is_none_is_told_at_start(tmp_path: Path, places: str, words: str) -> None:
    ended = run(tmp_path / "data", "serve", "--port", "0", DICOMWEB_AUDIT=places)

    assert ended.returncode == 2
    assert words in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
