import asyncio
from pathlib import Path

from service.archive import Archive, open_archive
from service.archive.index.engine.locks import take_locks
from service.archive.index.lookups.lookup import find
from service.archive.index.owners.labels import NOBODY
from service.archive.index.writes.entering import Entered
from service.archive.stores.outcomes import Outcome, Stored
from service.errors import Refusal
from service.scope import EVERYTHING
from tests.archive.intake import spooled, uids
from tests.builders import ct_image, part10
from tests.waiting import until

UIDS = [f"{study}.1.{number}" for number in (1, 2, 3, 4, 5, 6) for study in (1, 2)]


def file(uid: str) -> bytes:
    """Return a file of study.series.instance."""
    identity = uids(uid)
    return part10(
        ct_image(
            StudyInstanceUID=identity.study,
            SeriesInstanceUID=identity.series,
            SOPInstanceUID=identity.instance,
        )
    )


async def at_once(archive: Archive, *files: bytes, study: str | None = None) -> list[list[Outcome]]:
    """Store files, each by a request of its own, at the same time."""
    takes = (archive.take([spooled(archive.blobs.incoming, each)], study, NOBODY) for each in files)
    return await asyncio.gather(*takes)


async def test_each_of_those_who_store_at_once_is_told_of_its_own(archive: Archive) -> None:
    files = [b"no DICOM", *map(file, UIDS), b"none either"]

    [first], *outcomes, [last] = await at_once(archive, *files)

    assert isinstance(first, Refusal)
    assert isinstance(last, Refusal)
    assert [outcome.uids.instance for [outcome] in outcomes if isinstance(outcome, Stored)] == UIDS
    assert [archive.index.read_now(find, EVERYTHING, uids(uid)).uids.instance for uid in UIDS] == UIDS


async def test_of_the_same_instance_by_many_at_once_one_is_new(archive: Archive) -> None:
    outcomes = await at_once(archive, *[file("1.1.1")] * 12)

    entered = [outcome.entered for [outcome] in outcomes if isinstance(outcome, Stored)]
    assert sorted(entered, key=lambda each: each.value) == [Entered.STORED, *[Entered.UNCHANGED] * 11]


async def test_whoever_names_a_study_has_no_instances_of_others_stored(archive: Archive) -> None:
    mine, of_any = await asyncio.gather(
        at_once(archive, *map(file, UIDS), study="1"), at_once(archive, *map(file, UIDS))
    )

    assert [isinstance(outcome, Stored) for [outcome] in mine] == [uid.startswith("1.") for uid in UIDS]
    assert all(isinstance(outcome, Stored) for [outcome] in of_any)


async def test_who_gives_up_waiting_takes_nobody_along(archive: Archive) -> None:
    takes = [
        asyncio.ensure_future(archive.take([spooled(archive.blobs.incoming, file(uid))], None, NOBODY))
        for uid in UIDS
    ]
    await asyncio.sleep(0)
    takes[5].cancel()

    outcomes = await asyncio.gather(*takes, return_exceptions=True)

    others = [outcome for position, outcome in enumerate(outcomes) if position != 5]
    assert all(isinstance(outcome, list) and isinstance(outcome[0], Stored) for outcome in others)


async def test_nothing_is_left_of_who_gives_up_waiting(archive: Archive) -> None:
    async def nothing_is_left() -> bool:
        return not list(archive.blobs.incoming.iterdir())

    large = [spooled(archive.blobs.incoming, file(uid) + b"\0" * 2**21) for uid in UIDS]
    takes = [asyncio.ensure_future(archive.take([spool], None, NOBODY)) for spool in large]
    await asyncio.sleep(0)
    for take in takes[4:]:
        take.cancel()

    await asyncio.gather(*takes, return_exceptions=True)

    assert await until(nothing_is_left)


async def test_who_stores_does_not_wait_for_those_whose_study_is_locked(
    postgresql_url: str, tmp_path: Path
) -> None:
    archive = open_archive(postgresql_url, tmp_path, replace=False)

    async def is_stored() -> bool:
        return free.done()

    with archive.index.engine.begin() as other:
        take_locks(other, ["1"])
        held_up = asyncio.ensure_future(at_once(archive, file("1.1.1")))
        await asyncio.sleep(0)
        free = asyncio.ensure_future(at_once(archive, file("2.1.1")))

        assert await until(is_stored)
        assert not held_up.done()
    outcomes = [*await held_up, *await free]
    archive.close()

    assert all(isinstance(outcome, Stored) for [outcome] in outcomes)
