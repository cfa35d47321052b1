"""Messages on their way to syslog servers and files that are there, are not, or come back."""

import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import time

import orjson
import pytest

from service.archive.index.engine.database import Database
from service.archive.index.owners import audit as index_of_audit
from service.archive.index.owners.audit import Subject
from service.audit.audit import Audit
from service.audit.event import Action, Actor, Event, Outcome
from service.audit.opening import TlsFiles, open_audit
from tests.audit.receiver import Certificate, certificate, tls_receiver, udp_receiver
from tests.ports import reserved_ports
from tests.waiting import until

ANN = Actor("ann", "key", "192.0.2.7")
NO_FILES = TlsFiles()


@pytest.fixture
def port() -> Iterator[int]:
    """A port on which a server listens at times."""
    with reserved_ports(1) as [port]:
        yield port


@pytest.fixture
def index(database_url: str) -> Iterator[Database]:
    """An empty index, on each kind of database in turn."""
    index = Database(database_url)
    yield index
    index.close()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """An authority that vouches for servers and clients."""
    return certificate(tmp_path_factory.mktemp("authority") / "ca.pem", "authority")


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look again at once, where the service waits for seconds."""
    monkeypatch.setattr("service.audit.delivery._PAUSE", 0.05)


def event(name: str = "") -> Event:
    now, subject = time(), Subject("1.2.3", "7", name)
    return Event(Action.DELETE, Outcome.SUCCESS, ANN, now, now, subject=subject)


@contextmanager
def running(index: Database, *places: str, tls: TlsFiles = NO_FILES) -> Iterator[Audit]:
    audit = open_audit(index, places, "pacs", tls, 30, None)
    assert audit is not None
    for delivery in audit._deliveries:
        delivery.begin()
    try:
        yield audit
    finally:
        audit._close()


def waits(index: Database, place: str) -> int:
    return index.read_now(index_of_audit.waiting, place)


async def is_empty(index: Database, place: str) -> bool:
    async def nothing_waits() -> bool:
        return waits(index, place) == 0

    return await until(nothing_waits)


async def test_a_server_gets_messages_over_tls(
    index: Database, authority: Certificate, tmp_path: Path
) -> None:
    own = certificate(tmp_path / "server.pem", "server", authority)
    with tls_receiver(own) as receiver:
        place = f"syslog+tls://127.0.0.1:{receiver.port}"
        with running(index, place, tls=TlsFiles(authority.path)) as audit:
            audit.put([event() for _ in range(3)])

            assert [receiver.next().event for _ in range(3)] == [("110103", "D", "0")] * 3
            assert await is_empty(index, place)


async def test_a_server_gets_messages_over_udp(index: Database) -> None:
    with udp_receiver() as receiver:
        place = f"syslog+udp://127.0.0.1:{receiver.port}"
        with running(index, place) as audit:
            audit.put([event()])

            assert receiver.next().requestor.get("UserID") == "ann"
            assert await is_empty(index, place)


async def test_a_server_that_wants_to_know_who_sends_is_told(
    index: Database, authority: Certificate, tmp_path: Path
) -> None:
    own = certificate(tmp_path / "server.pem", "server", authority)
    client = certificate(tmp_path / "client.pem", "client", authority)
    with tls_receiver(own, clients=authority) as receiver:
        place = f"syslog+tls://127.0.0.1:{receiver.port}"
        with running(index, place, tls=TlsFiles(authority.path, client.path)) as audit:
            audit.put([event()])

            assert receiver.next().event == ("110103", "D", "0")


async def test_a_server_that_nobody_vouches_for_gets_nothing(
    index: Database, authority: Certificate, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = certificate(tmp_path / "stranger.pem", "stranger")
    with tls_receiver(stranger) as receiver:
        place = f"syslog+tls://127.0.0.1:{receiver.port}"
        with running(index, place, tls=TlsFiles(authority.path)) as audit:
            audit.put([event()])

            assert await until(logged(caplog, "takes no messages"))
        assert receiver.contents.empty()
        assert waits(index, place) == 1


def logged(caplog: pytest.LogCaptureFixture, words: str) -> Callable[[], Awaitable[bool]]:
    async def is_logged() -> bool:
        return any(words in record.getMessage() for record in caplog.records)

    return is_logged


async def test_messages_wait_for_a_server_that_is_away_and_the_log_does_not_tell_what_is_in_them(
    index: Database,
    authority: Certificate,
    port: int,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("service.audit.delivery.LEASE", 0)
    monkeypatch.setattr("service.audit.audit.LEASE", 0)
    own = certificate(tmp_path / "server.pem", "server", authority)
    place = f"syslog+tls://127.0.0.1:{port}"

    with running(index, place, tls=TlsFiles(authority.path)) as audit:
        audit.put([event("Doe^Jane")])
        assert await until(logged(caplog, "1 wait to be sent"))
        with tls_receiver(own, port=port) as receiver:
            message = receiver.next()
            assert await is_empty(index, place)

    [patient] = message.objects("2")
    assert patient.findtext("ParticipantObjectName") == "Doe^Jane"
    assert "Doe" not in caplog.text


async def test_a_server_that_ends_and_comes_back_gets_everything(
    index: Database, authority: Certificate, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.audit.delivery.LEASE", 0)
    monkeypatch.setattr("service.audit.audit.LEASE", 0)
    own = certificate(tmp_path / "server.pem", "server", authority)
    events = [event() for _ in range(6)]
    with tls_receiver(own, port=port) as receiver:
        place = f"syslog+tls://127.0.0.1:{port}"
        audit = open_audit(index, [place], "pacs", TlsFiles(authority.path), 30, None)
        assert audit is not None
        audit.put(events[:3])
        audit._deliveries[0].finish()
        before = [receiver.next() for _ in range(3)]
    audit.put(events[3:])
    audit._deliveries[0].finish()

    with tls_receiver(own, port=port) as again:
        audit._deliveries[0].finish()
        after = [again.next() for _ in range(3)]

    audit._close()
    told = [message.details()["id"] for message in (*before, *after)]
    assert sorted(told) == sorted(each.identity for each in events)
    assert waits(index, place) == 0


def test_what_an_ended_process_has_left_is_sent_by_the_next(
    index: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.audit.audit.LEASE", 0)
    path = tmp_path / "audit.jsonl"
    ended = open_audit(index, [str(path)], "pacs", TlsFiles(), 30, None)
    assert ended is not None
    index.write_now(ended.note, [event()])  # and nothing after it

    following = open_audit(index, [str(path)], "pacs", TlsFiles(), 30, None)
    assert following is not None
    following._deliveries[0].finish()

    assert [orjson.loads(line)["action"] for line in path.read_bytes().splitlines()] == ["delete"]
    assert waits(index, str(path)) == 0


def test_a_file_that_was_rotated_is_begun_anew(index: Database, tmp_path: Path) -> None:
    path = tmp_path / "audit.jsonl"
    audit = open_audit(index, [str(path)], "pacs", TlsFiles(), 30, None)
    assert audit is not None

    audit.put([event()])
    path.rename(tmp_path / "audit.1")
    audit.put([event()])

    assert len(path.read_bytes().splitlines()) == len((tmp_path / "audit.1").read_bytes().splitlines()) == 1
    assert path.stat().st_mode & 0o777 == 0o600


async def test_a_file_that_cannot_be_written_gets_its_lines_later(
    index: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.audit.audit.LEASE", 0)
    path = tmp_path / "folder" / "audit.jsonl"

    with running(index, str(path)) as audit:
        audit.put([event()])
        assert waits(index, str(path)) == 1
        path.parent.mkdir()
        assert await is_empty(index, str(path))

    assert len(path.read_bytes().splitlines()) == 1
    assert "takes messages again" in caplog.text


def test_several_places_get_each_event(index: Database, tmp_path: Path) -> None:
    paths = [tmp_path / "a.jsonl", tmp_path / "b.jsonl"]
    audit = open_audit(index, ["index", *map(str, paths)], "pacs", TlsFiles(), 30, None)
    assert audit is not None

    audit.put([event()])

    kept = index.read_now(index_of_audit.find_events, index_of_audit.EventSearch(), 0, 10)
    assert [path.read_bytes() for path in paths] == [kept[0] + b"\n"] * 2


def test_certificates_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    database = Database(f"sqlite:///{tmp_path / 'index.db'}")

    with pytest.raises(ssl.SSLError):
        open_audit(database, ["syslog+tls://localhost"], "pacs", TlsFiles(tmp_path / "none.pem"), 30, None)
