"""Reads in the event loop: short ones alone, and no longer than it takes to know that one is long."""

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.archive.index.engine.engines import create_engine
from service.archive.index.engine.inline_reads import InlineReader, TakesLonger, of_kind


@pytest.fixture
def reader(sqlite_url: str) -> Iterator[InlineReader]:
    engine = create_engine(sqlite_url)
    reader = InlineReader(engine)
    yield reader
    reader.close()
    engine.dispose()


@of_kind(lambda _number, kind, _begun: kind)
def count_to(connection: sa.Connection, number: int, kind: str, begun: list[str]) -> int:
    begun.append(kind)
    numbers = sa.select(sa.literal(1).label("i")).cte(recursive=True)
    numbers = numbers.union_all(sa.select(numbers.c.i + 1).where(numbers.c.i < number))
    return int(connection.execute(sa.select(sa.func.max(numbers.c.i))).scalar_one())


def test_a_short_read_is_answered(reader: InlineReader) -> None:
    assert reader.read(count_to, 10, "short", []) == 10


def test_a_long_read_is_given_to_others_and_the_reader_goes_on(reader: InlineReader) -> None:
    with pytest.raises(TakesLonger):
        reader.read(count_to, 1_000_000, "long", [])

    assert reader.read(count_to, 10, "short", []) == 10


def test_after_a_long_read_those_of_its_kind_are_not_begun_until_one_is_tried_again(
    reader: InlineReader,
) -> None:
    begun: list[str] = []

    for _ in range(100):
        with pytest.raises(TakesLonger):
            reader.read(count_to, 1_000_000, "long", begun)

    assert 1 < len(begun) < 10


def test_a_kind_that_has_become_short_is_read_here_again(reader: InlineReader) -> None:
    with pytest.raises(TakesLonger):
        reader.read(count_to, 1_000_000, "now long", [])

    answers: list[int] = []
    while not answers:
        try:
            answers.append(reader.read(count_to, 10, "now long", []))
        except TakesLonger:
            continue

    assert [*answers, reader.read(count_to, 10, "now long", [])] == [10, 10]
