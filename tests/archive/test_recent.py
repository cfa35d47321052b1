import pytest

from service.archive import Archive
from service.archive.recent import RecentInstances
from service.dicom.frames import NativeFrames
from service.errors import InstanceNotFound
from service.scope import EVERYTHING
from tests.archive.intake import another_process, put, uids
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


async def test_the_second_look_is_the_same_object(sqlite_archive: Archive) -> None:
    put(sqlite_archive, FILE)

    first, second = [await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1")) for _ in range(2)]

    assert second is first


async def test_what_is_not_here_is_not_remembered_as_such(sqlite_archive: Archive) -> None:
    with pytest.raises(InstanceNotFound):
        await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))
    put(sqlite_archive, FILE)

    assert (await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))).instance.size == len(FILE)


async def test_a_delete_by_another_process_is_noticed(sqlite_archive: Archive) -> None:
    other = another_process(sqlite_archive)
    put(sqlite_archive, FILE)
    await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))

    await other.delete(EVERYTHING, "1", None, None)

    with pytest.raises(InstanceNotFound):
        await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))
    other.close()


async def test_a_replacement_by_another_process_is_noticed(sqlite_archive: Archive) -> None:
    other = another_process(sqlite_archive)
    put(sqlite_archive, FILE)
    before = await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))

    put(other, part10(ct_image("1.1.1", PatientID="P2")))

    after = await sqlite_archive.recent.find(EVERYTHING, uids("1.1.1"))
    assert after.instance.digest != before.instance.digest
    other.close()


async def test_the_least_recently_used_goes_first(sqlite_archive: Archive) -> None:
    tiles = [[code_stream(b"tile")]] * 300
    put(
        sqlite_archive, *(part10(encapsulated(tiles, uid=f"1.1.{number}"), JPEG_2000) for number in (1, 2, 3))
    )
    room_for_two = 10_000  # bytes: each of these takes between 4000 and 5000
    find = RecentInstances(sqlite_archive.index, sqlite_archive.blobs, room_for_two).find

    first, second = await find(EVERYTHING, uids("1.1.1")), await find(EVERYTHING, uids("1.1.2"))
    await find(EVERYTHING, uids("1.1.1"))
    await find(EVERYTHING, uids("1.1.3"))

    assert await find(EVERYTHING, uids("1.1.1")) is first
    assert await find(EVERYTHING, uids("1.1.2")) is not second
