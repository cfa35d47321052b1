import asyncio

import pytest

from service.archive import Archive
from service.archive.recent import RecentInstances
from service.dicom.frames import NativeFrames
from service.errors import InstanceNotFound
from service.scope import EVERYTHING, Scope
from tests.archive.intake import another_process, put, tree, uids
from tests.builders import JPEG_2000, code_stream, ct_image, data_set, encapsulated, part10

FILE = part10(ct_image("1.1.1"))


async def test_an_instance_is_found_with_its_frames(sqlite_archive: Archive) -> None:
    put(sqlite_archive, FILE)

    located = await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))

    assert located.instance.uids == uids("1.1.1")
    assert isinstance(located.frames, NativeFrames)
    assert located.frames.span(1).length == 8 * 8 * 2


async def test_an_instance_without_pixels_has_no_frames(sqlite_archive: Archive) -> None:
    put(sqlite_archive, part10(data_set("1.1.1")))

    assert (await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))).frames is None


async def test_the_second_look_is_the_same_object(archive: Archive) -> None:
    put(archive, FILE)

    first, second = [await archive.recent.find(EVERYTHING, uids("1.1.1")) for _ in range(2)]

    assert second is first


async def test_what_is_not_here_is_not_remembered_as_such(archive: Archive) -> None:
    with pytest.raises(InstanceNotFound):
        await archive.recent.find(EVERYTHING, uids("1.1.1"))
    put(archive, FILE)

    assert (await archive.recent.find(EVERYTHING, uids("1.1.1"))).instance.size == len(FILE)


async def test_a_delete_by_another_process_is_noticed(archive: Archive) -> None:
    other = another_process(archive)
    put(archive, FILE)
    await archive.recent.find(EVERYTHING, uids("1.1.1"))

    await other.delete(EVERYTHING, "1", None, None)

    with pytest.raises(InstanceNotFound):
        await archive.recent.find(EVERYTHING, uids("1.1.1"))
    other.close()


async def test_a_replacement_by_another_process_is_noticed(archive: Archive) -> None:
    other = another_process(archive)
    put(archive, FILE)
    before = await archive.recent.find(EVERYTHING, uids("1.1.1"))

    put(other, part10(ct_image("1.1.1", PatientID="P2")))

    after = await archive.recent.find(EVERYTHING, uids("1.1.1"))
    assert after.instance.digest != before.instance.digest
    other.close()


async def test_what_another_process_has_put_into_the_same_row_is_another_instance(archive: Archive) -> None:
    other = another_process(archive)
    put(archive, FILE)
    await archive.recent.find(EVERYTHING, uids("1.1.1"))

    await other.delete(EVERYTHING, "1", None, None)
    put(other, part10(ct_image("2.1.1")))

    with pytest.raises(InstanceNotFound):
        await archive.recent.find(EVERYTHING, uids("1.1.1"))
    other.close()


async def test_a_file_that_another_process_brings_anew_is_noticed(archive: Archive) -> None:
    other = another_process(archive)
    put(archive, FILE)
    before = (await archive.recent.find(EVERYTHING, uids("1.1.1"))).instance

    tree(archive).path(before.blob).write_bytes(b"damaged")
    put(other, FILE)

    after = (await archive.recent.find(EVERYTHING, uids("1.1.1"))).instance
    assert (after.digest, after.blob != before.blob) == (before.digest, True)
    other.close()


async def test_a_study_that_another_process_gives_to_another_tenant_is_gone_at_once(archive: Archive) -> None:
    other = another_process(archive)
    ours, theirs = Scope(frozenset({"ours"})), Scope(frozenset({"theirs"}))
    put(archive, FILE)
    await other.give(EVERYTHING, "1", "ours")
    await archive.recent.find(ours, uids("1.1.1"))

    await other.give(EVERYTHING, "1", "theirs")

    with pytest.raises(InstanceNotFound):
        await archive.recent.find(ours, uids("1.1.1"))
    assert (await archive.recent.find(theirs, uids("1.1.1"))).instance.uids == uids("1.1.1")
    other.close()


async def test_many_who_look_at_the_same_time_all_find_what_they_look_for(archive: Archive) -> None:
    numbers = range(1, 6)
    put(archive, *(part10(ct_image(f"1.1.{number}")) for number in numbers))
    wanted = [uids(f"1.1.{number}") for number in numbers] * 10

    for _ in range(2):
        places = await asyncio.gather(*(archive.recent.find(EVERYTHING, instance) for instance in wanted))
        assert [located.instance.uids for located in places] == wanted


async def test_the_least_recently_used_goes_first(sqlite_archive: Archive) -> None:
    tiles = [[code_stream(b"tile")]] * 300
    put(
        sqlite_archive, *(part10(encapsulated(tiles, uid=f"1.1.{number}"), JPEG_2000) for number in (1, 2, 3))
    )
    room_for_two = 10_000  # bytes: each of these takes between 4000 and 5000
    find = RecentInstances(sqlite_archive.index, room_for_two).find

    first, second = await find(EVERYTHING, uids("1.1.1")), await find(EVERYTHING, uids("1.1.2"))
    await find(EVERYTHING, uids("1.1.1"))
    await find(EVERYTHING, uids("1.1.3"))

    assert await find(EVERYTHING, uids("1.1.1")) is first
    assert await find(EVERYTHING, uids("1.1.2")) is not second
