"""The change feed as it is read: plain functions of a connection."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa

from service.archive.index.events.change_notes import MAX_OF_A_NOTE, version_of
from service.archive.index.events.numbering import state_of
from service.archive.index.lookups.metadata import metadata_by_key
from service.archive.index.lookups.named import find_some
from service.archive.index.schema.feed_tables import changes
from service.archive.index.schema.scoped import conditions_on_changes
from service.archive.index.schema.stored_json import StoredJson
from service.archive.instance import Instance
from service.dicom.instance import Uids
from service.errors import ChangesForgotten
from service.scope import Scope

QUIET, CURRENT, REPLACED, DELETED = "quiet", "current", "replaced", "deleted"

_COLUMNS = (
    changes.c.first,
    changes.c.count,
    changes.c.time,
    changes.c.study_instance_uid,
    changes.c.tenant,
    changes.c.content,
)
# Written once: building a statement costs more than running it.
_AFTER = (
    sa.select(*_COLUMNS)
    .where(
        changes.c.first > sa.bindparam("after") - MAX_OF_A_NOTE,
        changes.c.first + changes.c.count - 1 > sa.bindparam("after"),
    )
    .order_by(changes.c.first)
    .limit(sa.bindparam("most"))
)
_OF_INSTANCES = changes.c.content.is_not(None)
_AFTER_OF_INSTANCES = _AFTER.where(_OF_INSTANCES)
_LATEST = (
    sa.select(*_COLUMNS)
    .where(changes.c.first.is_not(None), _OF_INSTANCES)
    .order_by(changes.c.first.desc())
    .limit(1)
)
_SIZES = sa.select(
    changes.c.first,
    changes.c.count,
    sa.func.sum(changes.c.count).over(order_by=changes.c.first).label("so_far"),
).where(changes.c.first.is_not(None), _OF_INSTANCES)


@dataclass(frozen=True, slots=True)
class Change:
    """One change.

    Attributes:
        sequence: its place in the feed.
        time: in microseconds since 1970.
        action: create, update or delete of an instance; quiet of a study.
        study: UID of the study.
        series, instance: UIDs; empty where a study is quiet.
        version: which file of the instance it is about.
        tenant: whose the study was; None for nobody's.
    """

    sequence: int
    time: int
    action: str
    study: str
    series: str = ""
    instance: str = ""
    version: str = ""
    tenant: str | None = None

    @property
    def uids(self) -> Uids:
        """The identity of the instance."""
        return Uids(self.study, self.series, self.instance)


@dataclass(frozen=True, slots=True)
class FeedPage:
    """Changes that follow each other.

    Attributes:
        changes: ascending.
        reached: the Sequence up to which none is lacking.
    """

    changes: list[Change]
    reached: int


@dataclass(frozen=True, slots=True)
class Seen:
    """A change, and what has become of its instance since.

    Attributes:
        change: it.
        state: whether the instance is as the change left it, another one by now, or not here.
        metadata: of the instance that is here, where they were asked for.
    """

    change: Change
    state: str
    metadata: StoredJson | None = None


@dataclass(frozen=True, slots=True)
class Window:
    """A stretch of time, in microseconds since 1970.

    Attributes:
        start: its first moment; None for the beginning.
        end: the first moment after; None for no end.
    """

    start: int | None = None
    end: int | None = None

    def conditions(self) -> Iterator[sa.ColumnElement[bool]]:
        """Yield the conditions that it makes on the rows of `changes`."""
        if self.start is not None:
            yield changes.c.time >= self.start
        if self.end is not None:
            yield changes.c.time < self.end


def changes_after(
    connection: sa.Connection, scope: Scope, after: int, most: int, *, with_quiet: bool = False
) -> FeedPage:
    """Return changes with higher Sequences than this one.

    Args:
        connection: to the index.
        scope: of who asks: of other studies they are told nothing.
        after: the Sequence that they had last, 0 to begin with the first.
        most: changes.
        with_quiet: studies that became quiet are among them.

    Raises:
        ChangesForgotten: some of them are not kept any more.
    """
    last = state_of(connection).last
    statement = _AFTER if with_quiet else _AFTER_OF_INSTANCES
    rows = connection.execute(
        statement.where(*conditions_on_changes(scope)), {"after": after, "most": most}
    ).all()
    some = _of_rows(rows, after, most)
    forgotten = state_of(connection).forgotten  # some may have been forgotten a moment ago
    if after < forgotten:
        raise ChangesForgotten(after, forgotten + 1)
    if len(some) == most:
        return FeedPage(some, some[-1].sequence)
    return FeedPage(some, max(after, last, *(change.sequence for change in some[-1:])))


def oldest_kept(connection: sa.Connection) -> int:
    """Return the Sequence before the oldest that is kept."""
    return state_of(connection).forgotten


def changes_within(
    connection: sa.Connection, scope: Scope, window: Window, skipped: int, most: int
) -> list[Change]:
    """Return changes of instances within a stretch of time, ascending, without some at its beginning."""
    conditions = *window.conditions(), *conditions_on_changes(scope)
    sizes = _SIZES.where(*conditions).subquery()
    begin = sa.select(sizes).where(sizes.c.so_far > skipped).order_by(sizes.c.first).limit(1)
    row = connection.execute(begin).one_or_none()
    if row is None:
        return []
    first, count, so_far = map(int, row)
    after = first + skipped - (so_far - count) - 1
    statement = _AFTER_OF_INSTANCES.where(*conditions)
    return _of_rows(connection.execute(statement, {"after": after, "most": most}).all(), after, most)


def latest_change(connection: sa.Connection, scope: Scope) -> Change | None:
    """Return the newest change of an instance, None if there is none."""
    row = connection.execute(_LATEST.where(*conditions_on_changes(scope))).one_or_none()
    return list(_of_row(*row))[-1] if row else None


def seen(
    connection: sa.Connection, scope: Scope, some: Sequence[Change], *, with_metadata: bool
) -> list[Seen]:
    """Return changes with what has become of their instances, as this scope sees it."""
    here = find_some(connection, scope, {change.uids for change in some if change.instance})
    keys = {instance.key for instance in here.values()} if with_metadata else ()
    texts = metadata_by_key(connection, keys)
    return [_seen(change, here.get(change.uids), texts) for change in some]


def _seen(change: Change, instance: Instance | None, texts: dict[int, StoredJson]) -> Seen:
    if instance is None:
        return Seen(change, DELETED)
    is_same = version_of(instance.uids, instance.blob) == change.version
    return Seen(change, CURRENT if is_same else REPLACED, texts.get(instance.key))


def _of_rows(rows: Iterable[Sequence[Any]], after: int, most: int) -> list[Change]:
    some: list[Change] = []
    for row in rows:
        some += (change for change in _of_row(*row) if change.sequence > after)
        if len(some) >= most:
            break
    return some[:most]


def _of_row(
    first: int, _count: int, time: int, study: str, tenant: str | None, content: bytes | None
) -> Iterator[Change]:
    if content is None:
        yield Change(first, time, QUIET, study, tenant=tenant)
        return
    for sequence, (series, instance, action, version) in enumerate(orjson.loads(content), first):
        yield Change(sequence, time, action, study, series, instance, version, tenant)
