"""Webhooks in the index: each is one caller's at a time."""

import pytest
import sqlalchemy as sa

from service.archive.index.events.numbering import clock
from service.archive.index.events.webhooks import (
    add_webhook,
    all_webhooks,
    backlog,
    claim,
    due_webhooks,
    note_failure,
    note_told,
)
from service.archive.index.schema.feed_tables import feed, webhooks
from service.scope import EVERYTHING, Scope


def new(connection: sa.Connection, last: int = 3, tenant: str | None = None) -> int:
    assert add_webhook(connection, "ours", "https://a/", "secret", tenant)
    connection.execute(sa.delete(feed))
    connection.execute(sa.insert(feed).values(id=1, last=last, forgotten=0, time=0))
    return int(connection.scalars(sa.select(webhooks.c.id)).one())


def test_one_that_lacks_nothing_is_not_due(connection: sa.Connection) -> None:
    new(connection, last=0)

    assert due_webhooks(connection) == []
    assert backlog(connection) == {"ours": 0}


def test_who_is_claimed_is_nobody_elses_until_it_is_told(connection: sa.Connection) -> None:
    key = new(connection)
    assert due_webhooks(connection) == [key]

    first = claim(connection, key, 60)
    second = claim(connection, key, 60)

    assert first is not None
    assert second is None
    assert due_webhooks(connection) == []
    assert note_told(connection, key, first[1], 2, 0) is not None
    assert due_webhooks(connection) == [key]
    assert backlog(connection) == {"ours": 1}


def test_who_was_too_slow_has_no_say_any_more(connection: sa.Connection) -> None:
    key = new(connection)
    slow = claim(connection, key, -1)
    quick = claim(connection, key, 60)
    assert slow is not None
    assert quick is not None

    assert note_told(connection, key, slow[1], 1, 60) is None
    assert not note_failure(connection, slow[0], slow[1], "late", is_final=True)
    assert note_told(connection, key, quick[1], 3, 60) is not None


def test_pauses_grow_and_the_last_word_ends_it(
    connection: sa.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = clock(connection)
    monkeypatch.setattr("service.archive.index.events.webhooks.clock", lambda _: now)
    key = new(connection)
    pauses = []
    for _ in range(12):
        claimed = claim(connection, key, 60)
        assert claimed is not None
        before = connection.scalar(sa.select(webhooks.c.due)) or 0
        note_failure(connection, *claimed, "answered 500", is_final=False)
        pauses.append((connection.scalar(sa.select(webhooks.c.due)) or 0) - before + 60_000_000)
        connection.execute(sa.update(webhooks).values(due=0))

    assert [pause / 1e6 for pause in pauses[:4]] == [5, 10, 20, 40]
    assert pauses[-1] / 1e6 == 3600
    claimed = claim(connection, key, 60)
    assert claimed is not None
    assert note_failure(connection, *claimed, "answered 410", is_final=True)
    assert claim(connection, key, 60) is None
    assert backlog(connection) == {}


def test_a_tenant_sees_its_own_alone(connection: sa.Connection) -> None:
    new(connection, tenant="A")

    assert [webhook.scope for webhook in all_webhooks(connection, EVERYTHING)] == [Scope(frozenset({"A"}))]
    assert len(all_webhooks(connection, Scope(frozenset({"A"})))) == 1
    assert all_webhooks(connection, Scope(frozenset({"B"}))) == []
