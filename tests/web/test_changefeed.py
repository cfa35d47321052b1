"""The change feed over HTTP: names and rules of Microsoft's DICOM service, and server-sent events."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from service.archive.index.schema.feed_tables import changes, feed
from service.feed.feed import MAX_LISTENERS
from service.settings import Settings
from service.testing import running
from tests.serving import client_of
from tests.web.messages import ct, store, url

EVENTS = {"accept": "text/event-stream"}
NAMES = [
    "Sequence",
    "StudyInstanceUid",
    "SeriesInstanceUid",
    "SopInstanceUid",
    "Action",
    "Timestamp",
    "State",
]
PAGES = {  # what is asked for → Sequences
    "": [1, 2, 3],
    "offset=0&limit=2": [1, 2],
    "offset=2": [3],
    "offset=3": [],
    "offset=999&limit=200": [],
    "startTime=2020-01-01T00:00:00Z": [1, 2, 3],
    "starttime=2020-01-01T00:00:00Z&offset=1&limit=1": [2],
    "endtime=2020-01-01T00:00:00": [],
    "startTime=2020-01-01T01:00:00%2B01:00&EndTime=9999-12-31T23:59:59.9999999Z": [1, 2, 3],
}


@pytest.fixture
def stored(empty_dicomweb: httpx.Client) -> httpx.Client:
    """A client of a service with three changes, on each kind of database in turn."""
    store(empty_dicomweb, ct("1.1.1"), ct("1.1.2"))
    empty_dicomweb.delete(url("1.1.2"))
    return empty_dicomweb


def events_of(lines: Iterator[str]) -> Iterator[dict[str, str]]:
    """Yield events by their fields; comments are none."""
    event: dict[str, str] = {}
    for line in lines:
        if line:
            name, _, value = line.partition(":")
            event[name] = value.strip()
        elif "data" in event:
            yield event
            event = {}


def test_a_change_is_told_by_microsofts_names_with_the_metadata_of_what_is_here(stored: httpx.Client) -> None:
    answer = stored.get("changefeed")

    first, second, third = answer.json()
    assert answer.headers["content-type"] == "application/json"
    assert list(first) == [*NAMES, "Metadata"]
    assert list(second) == list(third) == NAMES
    assert [first[name] for name in NAMES[:5]] == [1, "1", "1.1", "1.1.1", "create"]
    assert [each["Action"] for each in (first, second, third)] == ["create", "create", "delete"]
    assert [each["State"] for each in (first, second, third)] == ["current", "deleted", "deleted"]
    assert [first["Metadata"]] == stored.get(f"{url('1.1.1')}/metadata").json()
    told = datetime.fromisoformat(first["Timestamp"])
    assert told.tzinfo == UTC
    assert told <= datetime.now(UTC)


def test_pages_begin_after_an_offset_and_windows_skip_it(stored: httpx.Client) -> None:
    pages = {query: stored.get(f"changefeed?includeMetadata=false&{query}").json() for query in PAGES}

    assert {query: [each["Sequence"] for each in page] for query, page in pages.items()} == PAGES
    assert not any("Metadata" in each for page in pages.values() for each in page)


@pytest.mark.parametrize(
    "query", ["offset=-1", "offset=a", "limit=0", "limit=201", "startTime=noon", "includemetadata=2"]
)
def test_what_is_not_of_its_kind_is_refused(dicomweb: httpx.Client, query: str) -> None:
    assert dicomweb.get(f"changefeed?{query}").status_code == 400


def test_a_parameter_that_is_not_known_is_named(dicomweb: httpx.Client) -> None:
    assert "endDate" in dicomweb.get("changefeed?endDate=1&limit=1").headers["warning"]


def test_the_latest_change_is_the_last_one(stored: httpx.Client) -> None:
    answer = stored.get("changefeed/latest")

    assert (answer.json()["Sequence"], answer.json()["Action"]) == (3, "delete")


def test_without_any_change_there_is_no_latest_one(empty_dicomweb: httpx.Client) -> None:
    latest = empty_dicomweb.get("changefeed/latest")

    assert (latest.status_code, latest.content) == (204, b"")
    assert empty_dicomweb.get("changefeed").json() == []


def test_an_offset_older_than_what_is_kept_is_gone_and_the_oldest_is_told(
    stored: httpx.Client, engine: sa.Engine
) -> None:
    stored.get("changefeed")
    with engine.begin() as connection:
        connection.execute(sa.delete(changes).where(changes.c.first == 1))
        connection.execute(sa.update(feed).values(forgotten=2))

    answers = [stored.get("changefeed?offset=1"), stored.get("changefeed?offset=1", headers=EVENTS)]

    assert [(answer.status_code, answer.json()["oldest"]) for answer in answers] == [(410, 3)] * 2
    assert [each["Sequence"] for each in stored.get("changefeed").json()] == [3]


def test_events_come_as_they_happen_and_go_on_where_a_client_left(stored: httpx.Client) -> None:
    with stored.stream("GET", "changefeed", headers={**EVENTS, "last-event-id": "2"}) as stream:
        events = events_of(stream.iter_lines())
        before = next(events)
        store(stored, ct("1.1.3"))
        after = next(events)

    assert stream.headers["content-type"] == "text/event-stream"
    assert [event["id"] for event in (before, after)] == ["3", "4"]
    assert json.loads(before["data"]) == stored.get("changefeed?offset=2&limit=1").json()[0]
    assert json.loads(after["data"])["SopInstanceUid"] == "1.1.3"


def test_who_does_not_say_where_to_begin_is_told_what_happens_from_now_on(stored: httpx.Client) -> None:
    with stored.stream("GET", "changefeed?includemetadata=true", headers=EVENTS) as stream:
        lines = stream.iter_lines()
        assert next(lines).startswith("retry:")
        store(stored, ct("1.1.3"))
        data: dict[str, Any] = json.loads(next(events_of(lines))["data"])

    assert data["SopInstanceUid"] == "1.1.3"
    assert data["Metadata"]["00080018"]["Value"] == ["1.1.3"]


def test_a_quiet_study_is_an_event_and_no_change(dicomweb_with: Callable[..., httpx.Client]) -> None:
    client = dicomweb_with(quiet_seconds=0.01)

    with client.stream("GET", "changefeed", headers=EVENTS) as stream:
        lines = stream.iter_lines()
        next(lines)
        store(client, ct("1.1.1"))
        created, quiet = islice(events_of(lines), 2)

    assert "event" not in created
    assert quiet["event"] == "study.quiet"
    assert json.loads(quiet["data"])["StudyInstanceUid"] == "1"
    assert [each["Action"] for each in client.get("changefeed").json()] == ["create"]


def test_streams_end_when_the_server_stops(sqlite_url: str, tmp_path: Any) -> None:
    settings = Settings(data=tmp_path, database_url=sqlite_url)
    with running(settings) as server:
        client = client_of(server.url)
        stream = client.send(client.build_request("GET", "changefeed", headers=EVENTS), stream=True)

    assert stream.read().startswith(b"retry:")


def test_no_more_than_a_number_of_clients_listen(
    dicomweb_with: Callable[..., httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.feed.feed.MAX_LISTENERS", 1)
    client = dicomweb_with()

    with client.stream("GET", "changefeed", headers=EVENTS) as stream:
        lines = stream.iter_lines()
        next(lines)
        refused = client.get("changefeed", headers=EVENTS)

    assert MAX_LISTENERS > 1
    assert (refused.status_code, "retry-after" in refused.headers) == (503, True)
