"""The audit of a service in use: does it alone tell who did what to whom, from where, with which result?"""

import csv
import io
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import numpy as np
import orjson
import pydicom
import pytest

from service.app import create_app
from service.archive import open_archive
from service.archive.tasks.upkeep import reindex
from service.audit.event import Action
from service.parts import audit_of
from service.settings import Settings
from tests.web.access.service import Guarded, bearing, store
from tests.web.service import BASE, image

DOE = image(np.zeros((3, 4, 4), np.uint8), AccessionNumber="A7")
ROE = image(np.zeros((4, 4), np.uint8))
ROE.StudyInstanceUID, ROE.SeriesInstanceUID, ROE.SOPInstanceUID = "9.8", "9.8.1", "9.8.1.1"
ROE.PatientName, ROE.PatientID = "Roe^Richard", "8"

Event = dict[str, Any]


class Audited(NamedTuple):
    """A service with an audit.

    Attributes:
        guarded: the service.
        file: where lines of JSON go.
    """

    guarded: Guarded
    file: Path

    @property
    def client(self) -> httpx.AsyncClient:
        return self.guarded.client

    async def told(self) -> list[Event]:
        """Return what has been told so far, and everything that was about to be."""
        audit = self.guarded.app.state.service.audit
        await audit.flush(everything=True)
        return lines(self.file)

    def lines_now(self) -> list[Event]:
        """Return what the file says at this moment."""
        return lines(self.file)


def lines(file: Path) -> list[Event]:
    return [orjson.loads(line) for line in file.read_bytes().splitlines()]


def path_of(dataset: pydicom.Dataset) -> str:
    return (
        f"/studies/{dataset.StudyInstanceUID}/series/{dataset.SeriesInstanceUID}"
        f"/instances/{dataset.SOPInstanceUID}"
    )


@asynccontextmanager
async def audited(database_url: str, folder: Path, **more: Any) -> AsyncIterator[Audited]:
    file = folder / "audit.jsonl"
    settings = Settings(
        data=folder, database_url=database_url, auth=["keys"], audit=["index", str(file)], **more
    )
    archive = open_archive(database_url, folder, replace=False)
    app = create_app(settings, archive)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app, client=("192.0.2.7", 4711)), base_url=BASE
        ) as client,
    ):
        yield Audited(Guarded(app, archive, client), file)


@pytest.fixture
async def service(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Audited]:
    """An empty service whose audit goes to a file and to the index."""
    async with audited(sqlite_url, tmp_path) as service:
        yield service


def of(events: list[Event], action: Action) -> list[Event]:
    return [event for event in events if event["action"] == action.value]


async def test_the_audit_alone_tells_who_did_what(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as service:
        ask, guarded = service.client, service.guarded
        writer, reader, admin = (guarded.key(role) for role in ("writer", "reader", "admin"))
        for dataset in (DOE, ROE):
            assert (await store(ask, writer, dataset)).status_code == 200
        await ask.get("/studies", params={"PatientName": "Doe*"}, headers=bearing(reader))
        for number in (1, 2, 3):
            answer = await ask.get(f"{path_of(DOE)}/frames/{number}", headers=bearing(reader))
            assert answer.status_code == 200
        zipped = await ask.get("/studies/9.8", headers=bearing(reader) | {"accept": "application/zip"})
        assert zipped.status_code == 200
        refused = await ask.delete("/studies/9.8", headers=bearing(reader))
        assert refused.status_code == 403
        assert (await ask.delete("/studies/9.8", headers=bearing(admin))).status_code == 204
        assert (await ask.get("/studies/9.8", headers=bearing(reader))).status_code == 404
    events = lines(service.file)

    names = dict(zip((writer, reader, admin), ("key 0", "key 1", "key 2"), strict=True))
    told = [
        (event["who"], event["action"], event["outcome"], event.get("patientName"), event.get("study"))
        for event in events
    ]
    expected = [
        ("dicomweb-service", "start", "success", None, None),
        (names[writer], "store", "success", "Doe^Jane", "1.2.3"),
        (names[writer], "store", "success", "Roe^Richard", "9.8"),
        (names[reader], "query", "success", None, None),
        (names[reader], "retrieve", "success", "Doe^Jane", "1.2.3"),
        (names[reader], "export", "success", "Roe^Richard", "9.8"),
        (names[reader], "delete", "refused", "Roe^Richard", "9.8"),
        (names[admin], "delete", "success", "Roe^Richard", "9.8"),
        (names[reader], "retrieve", "failed", "", "9.8"),
        ("dicomweb-service", "stop", "success", None, None),
    ]
    # In no order: an export is told when it has ended, maybe after what came next.
    assert Counter(told) == Counter(expected)
    assert {event["address"] for event in events if event["means"] == "key"} == {"192.0.2.7"}
    [query], [frames] = of(events, Action.QUERY), of(events, Action.RETRIEVE)[:1]
    assert query["query"] == "/dicom-web/studies?PatientName=Doe*"
    assert (frames["frames"], frames["instances"], frames["requests"]) == (3, 1, 3)
    assert frames["bytes"] > 0
    assert (frames["patientId"], frames["accessionNumber"], frames["status"]) == ("7", "A7", 200)


async def test_many_frames_are_one_event(service: Audited) -> None:
    key = service.guarded.key("admin")
    series = [image(np.zeros((4, 4), np.uint8), number) for number in range(1, 21)]
    for each in series:
        await store(service.client, key, each)

    for _ in range(3):
        for each in series:
            await service.client.get(f"{path_of(each)}/frames/1", headers=bearing(key))

    [event] = of(await service.told(), Action.RETRIEVE)
    assert (event["frames"], event["instances"], event["requests"]) == (60, 20, 60)
    assert event["series"] == ["1.2.3.4"]
    assert event["resources"] == ["studies/series/instances/frames"]


async def test_instances_of_one_request_are_one_event_of_their_study(service: Audited) -> None:
    from tests.web.messages import MULTIPART, message

    def part(dataset: pydicom.Dataset) -> bytes:
        content = io.BytesIO()
        dataset.save_as(content, enforce_file_format=True)
        return content.getvalue()

    series = [image(np.zeros((4, 4), np.uint8), number) for number in range(1, 151)]
    key = service.guarded.key("writer")
    answer = await service.client.post(
        "/studies",
        content=message([part(each) for each in (*series, ROE)]),
        headers=bearing(key) | {"content-type": MULTIPART},
    )
    assert answer.status_code == 200

    told = {event["study"]: event["instances"] for event in of(await service.told(), Action.STORE)}
    assert told == {"1.2.3": 150, "9.8": 1}


async def test_what_is_written_is_told_before_the_answer(service: Audited) -> None:
    key, told = service.guarded.key("admin"), list[str]()

    async def ask(method: str, url: str, **more: Any) -> httpx.Response:
        answer = await service.client.request(method, url, headers=bearing(key), **more)
        assert answer.status_code < 300, answer.text
        told.append(service.lines_now()[-1]["action"])
        return answer

    await store(service.client, key, DOE)
    told.append(service.lines_now()[-1]["action"])
    await ask("PUT", "/studies/1.2.3/tenant", json={"tenant": "A"})
    link = (await ask("POST", "/studies/1.2.3/links")).json()["id"]
    await ask("DELETE", f"/studies/1.2.3/links/{link}")
    await ask("DELETE", path_of(DOE))

    assert told == ["store", "change tenant", "make link", "revoke link", "delete"]
    assert service.lines_now()[-1]["wholeStudy"] is True


@pytest.mark.parametrize("path", ["/studies", "/studies/1.2.3"])
async def test_a_store_that_is_refused_tells_of_what_and_why(service: Audited, path: str) -> None:
    await store(service.client, service.guarded.key("writer", tenant="A"), DOE)
    content = io.BytesIO()
    DOE.save_as(content, enforce_file_format=True)
    headers = bearing(service.guarded.key("writer", tenant="B")) | {"content-type": "application/dicom"}

    answer = await service.client.post(path, content=content.getvalue(), headers=headers)

    assert answer.status_code == 409
    [_, event] = of(await service.told(), Action.STORE)
    assert (event["outcome"], event["status"], event["who"]) == ("failed", 409, "key 1")
    assert (event["instances"], event["failureReasons"]) == (1, ["0124"])
    assert event["refused"] == [DOE.SOPInstanceUID]
    assert event.get("patientName") == ("Doe^Jane" if path.endswith("1.2.3") else None)


async def test_what_is_not_written_is_not_told_as_written(service: Audited) -> None:
    key = service.guarded.key("admin")
    await store(service.client, key, DOE)
    other = image(np.ones((3, 4, 4), np.uint8), AccessionNumber="A7")

    conflict = await store(service.client, key, other)
    gone = await service.client.delete("/studies/9.9", headers=bearing(key))
    link = await service.client.delete("/studies/1.2.3/links/77", headers=bearing(key))

    assert (conflict.status_code, gone.status_code, link.status_code) == (409, 404, 404)
    told = [(event["action"], event["outcome"], event["status"]) for event in await service.told()][1:]
    assert sorted(told, key=str) == [
        ("delete", "failed", 404),
        ("revoke link", "failed", 404),
        ("store", "failed", 409),
        ("store", "success", None),
    ]


async def test_reading_by_a_link_is_told_as_an_export_by_that_link(service: Audited) -> None:
    key = service.guarded.key("admin")
    await store(service.client, key, DOE)
    secret = (await service.client.post("/studies/1.2.3/links", headers=bearing(key))).json()["token"]

    await service.client.get(f"http://test/share/{secret}", follow_redirects=False)
    await service.client.get(f"{path_of(DOE)}/rendered", params={"token": secret})

    told = of(await service.told(), Action.EXPORT)
    assert {(event["who"], event["means"], event["patientName"]) for event in told} == {
        ("link 1 of key 0", "link", "Doe^Jane")
    }
    assert secret not in service.file.read_text()


async def test_a_flood_of_strangers_is_a_few_events(service: Audited) -> None:
    for number in range(300):
        address = {"x-forwarded-for": f"198.51.100.{number % 250}"}
        await service.client.get("/studies", headers=address | bearing(f"dwk_{number:043}"))

    refused = of(await service.told(), Action.AUTHENTICATE)
    assert sum(event["requests"] for event in refused) == 300
    assert len(refused) <= 2
    assert {event["address"] for event in refused} == {"192.0.2.7"}


async def test_a_flood_from_many_addresses_is_bounded_too(sqlite_url: str, tmp_path: Path) -> None:
    async with audited(sqlite_url, tmp_path, trusted_proxies=["192.0.2.7"]) as service:
        for number in range(1000):
            address = {"x-forwarded-for": f"10.0.{number // 250}.{number % 250}"}
            await service.client.get("/studies", headers=address)
    refused = of(lines(service.file), Action.AUTHENTICATE)

    assert sum(event["requests"] for event in refused) == 1000
    assert len(refused) <= 102
    assert "(many)" in {event["address"] for event in refused}


async def test_a_key_that_may_not_is_named(service: Audited) -> None:
    reader = service.guarded.key("reader")

    await service.client.delete("/studies/1.2.3", headers=bearing(reader))
    await service.client.get("http://test/audit", headers=bearing(reader))

    told = [event for event in await service.told() if event["outcome"] == "refused"]
    assert [(event["who"], event["action"], event["status"]) for event in told] == [
        ("key 0", "delete", 403),
        ("key 0", "read audit", 403),
    ]


async def test_a_service_without_an_audit_writes_nothing(sqlite_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=sqlite_url, auth=["keys"])
    archive = open_archive(sqlite_url, tmp_path, replace=False)

    assert audit_of(settings, archive.index) is None
    archive.close()


async def test_the_page_shows_what_has_just_happened(service: Audited) -> None:
    admin = service.guarded.key("admin")
    await store(service.client, admin, DOE)
    await service.client.get(f"{path_of(DOE)}/frames/1,2", headers=bearing(admin))

    answer = await service.client.get("http://test/audit", headers=bearing(admin))

    assert answer.status_code == 200
    for words in ("Doe^Jane", "retrieve", "store", "192.0.2.7", "key 0", 'href="./browse/1.2.3"'):
        assert words in answer.text


@pytest.mark.parametrize(
    ("search", "actions"),
    [
        ({"who": "KEY 1"}, ["query"]),
        ({"what": "store"}, ["store"]),
        ({"patient": "doe 7"}, ["store"]),
        ({"patient": "a7"}, ["store"]),
        ({"study": "9.8"}, ["store", "delete"]),
        ({"study": "9"}, []),
        ({"until": "2001-01-01"}, []),
        ({"since": "2001-01-01", "what": "delete"}, ["delete"]),
        ({"who": "%"}, []),
    ],
    ids=str,
)
async def test_events_are_found_by_who_what_whom_and_when(
    database_url: str, tmp_path: Path, search: dict[str, str], actions: list[str]
) -> None:
    async with audited(database_url, tmp_path) as service:
        admin, reader = service.guarded.key("admin"), service.guarded.key("reader")
        for dataset in (DOE, ROE):
            await store(service.client, admin, dataset)
        await service.client.get("/studies", headers=bearing(reader))
        await service.client.delete("/studies/9.8", headers=bearing(admin))

        answer = await service.client.get("http://test/audit.csv", params=search, headers=bearing(admin))

    assert {row["action"] for row in rows(answer)} - {"read audit"} == set(actions)


def rows(answer: httpx.Response) -> list[dict[str, str]]:
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_the_table_has_what_only_some_events_tell(service: Audited) -> None:
    admin = service.guarded.key("admin")
    await store(service.client, admin, DOE)
    await service.client.put("/studies/1.2.3/tenant", json={"tenant": "A"}, headers=bearing(admin))

    answer = await service.client.get("http://test/audit.csv", headers=bearing(admin))

    [details] = [row["details"] for row in rows(answer) if row["action"] == "change tenant"]
    assert orjson.loads(details) == {"tenant": "A"}


async def test_the_table_has_every_event_and_no_formula(service: Audited) -> None:
    admin, reader = service.guarded.key("admin"), service.guarded.key("reader")
    formula = image(np.zeros((4, 4), np.uint8))
    formula.PatientID = '=HYPERLINK("evil")'
    await store(service.client, admin, formula)
    for number in range(120):
        await service.client.get("/studies", params={"PatientID": number}, headers=bearing(reader))

    answer = await service.client.get("http://test/audit.csv", headers=bearing(admin))

    assert sum(row["action"] == "query" for row in rows(answer)) == 120
    [stored] = [row for row in rows(answer) if row["action"] == "store"]
    assert stored["patientId"].startswith("'=")


async def test_the_page_goes_on_where_it_ends(service: Audited) -> None:
    admin, reader = service.guarded.key("admin"), service.guarded.key("reader")
    for number in range(120):
        await service.client.get("/studies", params={"PatientID": number}, headers=bearing(reader))

    first = await service.client.get("http://test/audit?what=query", headers=bearing(admin))
    second = await service.client.get("http://test/audit?what=query&offset=100", headers=bearing(admin))

    assert "what=query&amp;offset=100" in first.text
    assert first.text.count("<tr class=") == 100
    assert second.text.count("<tr class=") == 20


@pytest.mark.parametrize(
    "query", ["since=yesterday", "until=2026-13-01", "offset=-1", "offset=x", "since=%00"]
)
async def test_a_search_that_makes_no_sense_is_told(service: Audited, query: str) -> None:
    admin = service.guarded.key("admin")

    answer = await service.client.get(f"http://test/audit?{query}", headers=bearing(admin))

    assert answer.status_code in (200, 400)
    assert answer.status_code == 400 or query == "since=%00"


async def test_an_admin_of_one_tenant_does_not_read_of_the_others(service: Audited) -> None:
    admin = service.guarded.key("admin", tenant="A")

    for page in ("audit", "audit.csv"):
        assert (await service.client.get(f"http://test/{page}", headers=bearing(admin))).status_code == 403


async def test_a_service_that_keeps_no_audit_has_no_page_of_it(sqlite_url: str, tmp_path: Path) -> None:
    async with audited(sqlite_url, tmp_path) as service:
        admin = service.guarded.key("admin")
    app = create_app(
        Settings(data=tmp_path, auth=["keys"]), open_archive(sqlite_url, tmp_path, replace=False)
    )

    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=BASE) as client,
    ):
        assert (await client.get("http://test/audit", headers=bearing(admin))).status_code == 404


async def test_events_outlive_a_reindex(database_url: str, tmp_path: Path) -> None:
    async with audited(database_url, tmp_path) as service:
        await store(service.client, service.guarded.key("admin"), DOE)
    archive = open_archive(database_url, tmp_path, replace=False)
    list(reindex(archive))
    archive.close()

    async with audited(database_url, tmp_path) as service:
        answer = await service.client.get(
            "http://test/audit.csv", headers=bearing(service.guarded.key("admin"))
        )

    assert "store" in {row["action"] for row in rows(answer)}


async def test_old_events_go_when_they_are_to(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, later: Callable[[float], None]
) -> None:
    async with audited(sqlite_url, tmp_path, audit_keep_days=30) as service:
        await store(service.client, service.guarded.key("admin"), DOE)
        await service.told()
        later(31 * 86400)
        await service.guarded.app.state.service.audit._purge()
        answer = await service.client.get(
            "http://test/audit.csv", headers=bearing(service.guarded.key("admin"))
        )

    assert "store" not in {row["action"] for row in rows(answer)}


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Let the audit take it to be some seconds later."""
    from time import time

    def let(seconds: float) -> None:
        monkeypatch.setattr("service.audit.audit.time", lambda: time() + seconds)
        monkeypatch.setattr("service.audit.windows.time", lambda: time() + seconds)

    return let


async def test_who_signs_in_and_out_and_who_could_not_is_told(service: Audited) -> None:
    key = service.guarded.key("reader")
    own_page = {"origin": "http://test"}

    async def sign_in(secret: str) -> httpx.Response:
        form = {"key": secret, "then": "/"}
        return await service.client.post("http://test/sign-in", data=form, headers=own_page)

    assert (await sign_in("dwk_wrong")).status_code == 401
    assert (await sign_in(key)).status_code == 303
    await service.client.get("http://test/", headers={"accept": "text/html", "sec-fetch-site": "none"})
    assert (await service.client.post("http://test/sign-out", headers=own_page)).status_code == 303

    told = [
        (event["action"], event["outcome"], event["who"], event["means"]) for event in await service.told()
    ]
    assert sorted(told[1:]) == [
        ("query", "success", "key 0", "session"),
        ("sign-in", "refused", "", "nothing"),
        ("sign-in", "success", "key 0", "session"),
        ("sign-out", "success", "key 0", "session"),
    ]
    assert key not in service.file.read_text()


async def test_who_is_led_to_where_they_sign_in_has_failed_at_nothing(service: Audited) -> None:
    answer = await service.client.get("http://test/", headers={"accept": "text/html"})

    assert answer.status_code == 303
    assert [event["action"] for event in await service.told()] == ["start"]


async def test_wado_uri_and_pages_tell_of_the_study_too(service: Audited) -> None:
    key = bearing(service.guarded.key("admin"))
    await store(service.client, service.guarded.key("writer"), DOE)
    parameters = {
        "requestType": "WADO",
        "studyUID": "1.2.3",
        "SeriesUID": "1.2.3.4",
        "objectUID": "1.2.3.4.1",
    }

    assert (await service.client.get("/wado", params=parameters, headers=key)).status_code == 200
    await service.client.get("http://test/browse/1.2.3/1.2.3.4", headers=key)

    [event] = of(await service.told(), Action.RETRIEVE)
    assert (event["patientName"], event["series"], event["instances"]) == ("Doe^Jane", ["1.2.3.4"], 1)
    assert event["resources"] == ["browse", "wado"]


async def test_a_secret_in_an_address_is_not_told(service: Audited) -> None:
    key = service.guarded.key("admin")

    await service.client.get("/studies", params={"token": key, "PatientID": "7"}, headers=bearing(key))
    await service.client.get("/studies", params={"token": key})

    assert [event["query"] for event in of(await service.told(), Action.QUERY)] == [
        "/dicom-web/studies?PatientID=7"
    ]
    assert key not in service.file.read_text()
