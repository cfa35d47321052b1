"""Webhooks: who is called is told everything, in its order, signed, and again until it has taken it."""

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from service.archive.index.schema.feed_tables import webhooks
from tests.feed.receiver import Receiver, receiving
from tests.waiting import until
from tests.web.messages import ct, store, url

DAY = 86_400 * 1_000_000


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def client(
    dicomweb_with: Callable[..., httpx.Client], receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> httpx.Client:
    pause = "service.archive.index.events.webhooks._FIRST_PAUSE"
    monkeypatch.setattr(pause, DAY)  # nobody is called again by chance
    return dicomweb_with(webhook_hosts=[receiver.url])


def subscribe(client: httpx.Client, receiver: Receiver, name: str = "ours") -> str:
    answer = client.post("webhooks", json={"name": name, "url": f"{receiver.url}/{name}?a=b"})
    assert answer.status_code == 201, answer.text
    secret: str = answer.json()["secret"]
    return secret


def state(client: httpx.Client) -> dict[str, Any]:
    [webhook] = client.get("webhooks").json()
    return dict(webhook)


async def becomes(client: httpx.Client, wanted: str) -> bool:
    """Tell whether the webhook comes to this state."""

    async def is_so() -> bool:
        return bool(state(client)["state"] == wanted)

    return await until(is_so)


def resume(client: httpx.Client, name: str) -> int:
    return client.post(f"webhooks/{name}/resume").status_code


def change(url: str, **values: object) -> None:
    """Change the rows of webhooks, as time would."""
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.update(webhooks).values(values))
    engine.dispose()


def test_changes_are_told_in_their_order_with_uids_alone(client: httpx.Client, receiver: Receiver) -> None:
    store(client, ct("9.1.1"))
    secret = subscribe(client, receiver)

    store(client, ct("1.1.1", PatientName="Secret^Name"), ct("1.1.2"))
    client.delete(url("1.1.2"))
    events = [receiver.next_event(secret) for _ in range(3)]

    assert [(event["type"], event["data"]["SopInstanceUid"]) for event in events] == [
        ("org.dicomweb.instance.stored", "1.1.1"),
        ("org.dicomweb.instance.stored", "1.1.2"),
        ("org.dicomweb.instance.deleted", "1.1.2"),
    ]
    first = events[0]
    assert first["specversion"] == "1.0"
    assert first["source"] == "/dicom-web"
    assert first["subject"] == "studies/1/series/1.1/instances/1.1.1"
    assert set(first["data"]) == {"Sequence", "StudyInstanceUid", "SeriesInstanceUid", "SopInstanceUid"}
    assert "Secret" not in str(events)


def test_a_quiet_study_is_told_once(dicomweb_with: Callable[..., httpx.Client], receiver: Receiver) -> None:
    client = dicomweb_with(webhook_hosts=[receiver.url], quiet_seconds=0.01)
    secret = subscribe(client, receiver)

    store(client, ct("1.1.1"))
    events = [receiver.next_event(secret) for _ in range(2)]
    store(client, ct("1.1.2"))
    events += [receiver.next_event(secret) for _ in range(2)]

    assert [event["type"].rpartition(".")[2] for event in events] == ["stored", "quiet"] * 2
    assert events[1]["data"] == {"Sequence": int(events[1]["id"]), "StudyInstanceUid": "1"}


def test_a_call_is_signed_as_standard_webhooks_says(client: httpx.Client, receiver: Receiver) -> None:
    secret = subscribe(client, receiver)
    store(client, ct("1.1.1"))

    call = receiver.next()

    identity, time = call.headers["webhook-id"], call.headers["webhook-timestamp"]
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{identity}.{time}.".encode() + call.body, hashlib.sha256).digest()
    assert call.headers["webhook-signature"] == f"v1,{base64.b64encode(digest).decode()}"
    assert call.headers["content-type"].startswith("application/cloudevents+json")
    assert call.path == "/ours?a=b"


async def test_who_fails_is_called_again_with_the_same_and_holds_up_nobody_else(
    client: httpx.Client, receiver: Receiver, sqlite_url: str
) -> None:
    secret = subscribe(client, receiver)
    receiver.answers = [500]
    store(client, ct("1.1.1"))
    first = receiver.next()

    assert await becomes(client, "fails")
    assert state(client)["problem"] == "answered 500"
    assert store(client, ct("1.1.2")).status_code == 200
    change(sqlite_url, due=0)

    again = receiver.next()
    then = receiver.next_event(secret)

    assert (again.body, again.headers["webhook-id"]) == (first.body, first.headers["webhook-id"])
    assert int(then["id"]) == int(first.event["id"]) + 1

    assert await becomes(client, "holds")


async def test_who_fails_for_a_day_is_given_up_until_somebody_resumes_it(
    client: httpx.Client, receiver: Receiver, sqlite_url: str
) -> None:
    secret = subscribe(client, receiver)
    receiver.answers = [503, 503]
    store(client, ct("1.1.1"))
    first = receiver.next()

    assert await becomes(client, "fails")
    change(sqlite_url, due=0, failing_since=webhooks.c.failing_since - DAY)
    receiver.next()
    assert await becomes(client, "stopped")
    assert state(client)["problem"] == "answered 503"
    assert "since" in state(client)

    assert resume(client, "ours") == 204

    assert receiver.next_event(secret)["id"] == first.event["id"]
    assert resume(client, "others") == 404


async def test_a_redirect_is_not_followed(client: httpx.Client, receiver: Receiver) -> None:
    subscribe(client, receiver)
    with receiving() as elsewhere:
        receiver.answers, receiver.location = [307], f"{elsewhere.url}/"
        store(client, ct("1.1.1"))
        receiver.next()

        assert await becomes(client, "fails")
        assert state(client)["problem"] == "answered 307"
        assert not elsewhere.is_called


def test_secrets_are_told_once_and_who_is_removed_is_gone(client: httpx.Client, receiver: Receiver) -> None:
    secret = subscribe(client, receiver)

    assert secret not in client.get("webhooks").text
    assert client.post("webhooks", json={"name": "ours", "url": receiver.url}).status_code == 400
    assert client.delete("webhooks/ours").status_code == 204
    assert client.get("webhooks").json() == []
    assert client.delete("webhooks/ours").status_code == 404


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b'{"name": "a", "url": 1}', b'{"name": "", "url": "https://a/"}']
)
def test_what_is_no_webhook_is_refused(dicomweb: httpx.Client, body: bytes) -> None:
    assert dicomweb.post("webhooks", content=body).status_code == 400
