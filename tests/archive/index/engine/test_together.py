import asyncio
from collections.abc import Collection, Iterator
from threading import Event

import pytest
import sqlalchemy as sa

from service.archive.index.engine.database import Database
from service.archive.index.engine.together import Together
from service.archive.index.schema.tables import doomed
from service.errors import Unavailable


@pytest.fixture
def index(postgresql_url: str) -> Iterator[Database]:
    index = Database(postgresql_url)
    yield index
    index.close()


def insert(connection: sa.Connection, blob: str) -> None:
    connection.execute(sa.insert(doomed).values(blob=blob))


class Slow:
    """A look-up that is held up after it has read, once; and notes what it was asked for each time."""

    def __init__(self) -> None:
        self.asked: list[set[str]] = []
        self.has_read, self.may_return = Event(), Event()

    def __call__(self, connection: sa.Connection, blobs: Collection[str]) -> dict[str, str]:
        self.asked.append(set(blobs))
        here = connection.scalars(sa.select(doomed.c.blob).where(doomed.c.blob.in_(blobs))).all()
        self.has_read.set()
        self.may_return.wait()
        return {blob: blob for blob in here}


async def test_who_asks_while_others_are_answered_shares_the_next_read_and_sees_what_is_so_then(
    index: Database,
) -> None:
    slow = Slow()
    together = Together(index, slow)

    first = asyncio.create_task(together.look_up("a"))
    await asyncio.to_thread(slow.has_read.wait)
    await index.write(insert, "a")
    later = [asyncio.create_task(together.look_up(blob)) for blob in "abab"]
    await asyncio.sleep(0)
    slow.may_return.set()

    assert await first is None
    assert await asyncio.gather(*later) == ["a", None, "a", None]
    assert slow.asked == [{"a"}, {"a", "b"}]


async def test_one_who_gives_up_does_not_disturb_the_others(index: Database) -> None:
    slow = Slow()
    together = Together(index, slow)
    await index.write(insert, "a")

    first, second = (asyncio.create_task(together.look_up("a")) for _ in range(2))
    await asyncio.to_thread(slow.has_read.wait)
    first.cancel()
    slow.may_return.set()

    assert await second == "a"


async def test_where_the_index_is_away_everyone_is_told() -> None:
    index = Database("postgresql://nobody@127.0.0.1:1/none")
    together = Together(index, Slow())

    answers = await asyncio.gather(*(together.look_up(blob) for blob in "abc"), return_exceptions=True)

    assert [type(answer) for answer in answers] == [Unavailable] * 3
    index.close()
