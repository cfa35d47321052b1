import os
from collections.abc import Callable
from os import truncate
from typing import Any

import numpy as np
import pytest
from pydicom import Dataset

from service.archive import Archive
from service.archive.files.file_run import RUN_BYTES
from service.archive.files.reading.content import (
    Content,
    Generated,
    InFile,
    InMemory,
    bulkdata_content,
    frame_content,
    instance_content,
)
from service.archive.index.lookups.bulkdata import bulkdata_of
from service.archive.index.lookups.lookup import locate
from service.errors import BulkdataNotFound, DamagedFile, FrameNotFound, InstanceNotFound
from service.scope import EVERYTHING
from tests.archive.intake import stored, tree
from tests.builders import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    NATIVE_SYNTAXES,
    code_stream,
    ct_image,
    encapsulated,
    float_image,
    image,
    one_bit_image,
    part10,
)

RAMP = np.arange(3 * 5 * 7, dtype=np.uint16).reshape(3, 5, 7) * 257


async def everything(content: Content, offset: int = 0, length: int | None = None) -> bytes:
    run = content.read(offset, content.size - offset if length is None else length)
    return b"".join([chunk async for chunk in run])


async def frame_of(archive: Archive, file: bytes, number: int) -> bytes:
    instance = stored(archive, "1.1.1", file)
    frames = archive.index.read_now(locate, instance.uids)[0].frames
    assert frames is not None
    content = await frame_content(archive.blobs, instance, frames, number)
    frame = await everything(content)
    assert len(frame) == content.size
    return frame


async def bulkdata(archive: Archive, file: bytes, path: str) -> Content:
    instance = stored(archive, "1.1.1", file)
    place = archive.index.read_now(bulkdata_of, instance, path)
    return await bulkdata_content(archive.blobs, instance, place)


@pytest.mark.parametrize(
    ("syntax", "kind"),
    [(EXPLICIT, InFile), (IMPLICIT, Generated), (BIG_ENDIAN, Generated), (None, Generated)],
)
async def test_only_what_may_be_sent_goes_out_as_it_is_stored(
    sqlite_archive: Archive, syntax: str | None, kind: type
) -> None:
    file = part10(ct_image("1.1.1"), syntax) if syntax else part10(ct_image("1.1.1"))[132:]

    content = await instance_content(
        sqlite_archive.blobs, stored(sqlite_archive, "1.1.1", file), sqlite_archive.conversions
    )

    assert isinstance(content, kind)
    assert (await everything(content) == file) is (syntax == EXPLICIT)


async def test_what_was_converted_once_is_an_error_all_the_same_when_its_file_is_cut(
    sqlite_archive: Archive,
) -> None:
    instance = stored(sqlite_archive, "1.1.1", part10(ct_image("1.1.1"), IMPLICIT))
    first = await instance_content(sqlite_archive.blobs, instance, sqlite_archive.conversions)
    second = await instance_content(sqlite_archive.blobs, instance, sqlite_archive.conversions)
    assert await everything(first) == await everything(second)
    truncate(tree(sqlite_archive).path(instance.blob), 300)

    with pytest.raises(DamagedFile):
        await instance_content(sqlite_archive.blobs, instance, sqlite_archive.conversions)


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG_ENDIAN])
@pytest.mark.parametrize(("offset", "length"), [(0, 1), (100, 60), (0, 200), (371, 5), (1, 0)])
async def test_any_run_of_a_file_can_be_read(
    sqlite_archive: Archive, syntax: str, offset: int, length: int
) -> None:
    instance = stored(sqlite_archive, "1.1.1", part10(ct_image("1.1.1"), syntax))
    content = await instance_content(sqlite_archive.blobs, instance, sqlite_archive.conversions)

    run = await everything(content, offset, length)

    assert run == (await everything(content))[offset : offset + length]


async def test_a_long_file_is_read_in_chunks(sqlite_archive: Archive) -> None:
    file = part10(image(np.zeros((1200, 1200), np.uint16), "1.1.1"))
    content = await instance_content(
        sqlite_archive.blobs, stored(sqlite_archive, "1.1.1", file), sqlite_archive.conversions
    )

    chunks = [chunk async for chunk in content.read(0, content.size)]

    assert b"".join(chunks) == file
    assert max(map(len, chunks)) <= RUN_BYTES


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_native_frame_is_little_endian_whatever_is_stored(
    sqlite_archive: Archive, syntax: str, number: int
) -> None:
    file = part10(image(RAMP, "1.1.1"), syntax)

    assert await frame_of(sqlite_archive, file, number) == RAMP[number - 1].tobytes()


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize("kind", [np.float32, np.float64])
async def test_floating_point_pixels_have_frames_too(
    sqlite_archive: Archive, syntax: str, kind: Callable[[Any], Any]
) -> None:
    pixels = kind(RAMP) / kind(3)

    file = part10(float_image(pixels, "1.1.1"), syntax)

    assert await frame_of(sqlite_archive, file, 2) == pixels[1].tobytes()


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_a_frame_of_single_bits_begins_at_bit_0(sqlite_archive: Archive, number: int) -> None:
    pixels = np.random.default_rng(7).integers(0, 2, (3, 5, 7))

    frame = await frame_of(sqlite_archive, part10(one_bit_image(pixels, "1.1.1")), number)

    expected = np.packbits(pixels[number - 1].astype(np.uint8), bitorder="little")
    assert frame == expected.tobytes()


@pytest.mark.parametrize("table", ["empty", "basic", "extended"])
@pytest.mark.parametrize("number", [1, 2, 3])
async def test_an_encapsulated_frame_is_its_code_stream(
    sqlite_archive: Archive, table: str, number: int
) -> None:
    streams = [code_stream(name) for name in (b"first", b"second one", b"third")]

    file = part10(encapsulated([[stream] for stream in streams], table, "1.1.1"), JPEG_2000)

    assert await frame_of(sqlite_archive, file, number) == streams[number - 1]


@pytest.mark.parametrize("table", ["empty", "basic"])
@pytest.mark.parametrize("length", [10, RUN_BYTES], ids=["short", "long"])
async def test_the_fragments_of_a_frame_are_joined(sqlite_archive: Archive, table: str, length: int) -> None:
    stream = code_stream(os.urandom(length))
    pieces = [stream[:8], stream[8:10], stream[10:]]

    file = part10(encapsulated([pieces, [code_stream(b"second")]], table, "1.1.1"), JPEG_2000)

    assert await frame_of(sqlite_archive, file, 1) == stream
    assert await frame_of(sqlite_archive, file, 2) == code_stream(b"second")


async def test_a_long_native_frame_is_left_in_its_file(sqlite_archive: Archive) -> None:
    pixels = np.arange(2 * 800 * 800, dtype=np.uint16).reshape(2, 800, 800)

    assert await frame_of(sqlite_archive, part10(image(pixels, "1.1.1")), 2) == pixels[1].tobytes()


async def test_a_frame_beyond_the_last_is_not_there(sqlite_archive: Archive) -> None:
    with pytest.raises(FrameNotFound, match="no frame 4: the instance has 3"):
        await frame_of(sqlite_archive, part10(image(RAMP, "1.1.1")), 4)


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
async def test_bulkdata_is_the_whole_value_in_little_endian(sqlite_archive: Archive, syntax: str) -> None:
    content = await bulkdata(sqlite_archive, part10(image(RAMP, "1.1.1"), syntax), "7FE00010")

    assert (await everything(content))[: RAMP.nbytes] == RAMP.tobytes()


async def test_bulkdata_is_found_at_any_depth(sqlite_archive: Archive) -> None:
    icon = bytes(range(256)) * 5
    inner = Dataset()
    inner.add_new("EncapsulatedDocument", "OB", icon)
    middle = Dataset()
    middle.ReferencedImageSequence = [Dataset(), inner]
    outer = ct_image("1.1.1", ReferencedStudySequence=[middle])

    content = await bulkdata(sqlite_archive, part10(outer), "00081110/1/00081140/2/00420011")

    assert await everything(content) == icon


async def test_a_path_that_names_no_value_is_not_found(sqlite_archive: Archive) -> None:
    with pytest.raises(BulkdataNotFound):
        await bulkdata(sqlite_archive, part10(ct_image("1.1.1")), "00100010")


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
async def test_an_instance_deleted_meanwhile_is_not_found(sqlite_archive: Archive, syntax: str) -> None:
    file = part10(image(RAMP, "1.1.1"), syntax)
    instance = stored(sqlite_archive, "1.1.1", file)
    frames = sqlite_archive.index.read_now(locate, instance.uids)[0].frames
    assert frames is not None
    await sqlite_archive.delete(EVERYTHING, "1", None, None)

    with pytest.raises(InstanceNotFound):
        await everything(await instance_content(sqlite_archive.blobs, instance, sqlite_archive.conversions))
    with pytest.raises(InstanceNotFound):
        await everything(await frame_content(sqlite_archive.blobs, instance, frames, 1))


async def test_a_run_of_joined_pieces_may_cross_their_edges(sqlite_archive: Archive) -> None:
    stream = code_stream(os.urandom(RUN_BYTES))
    file = part10(encapsulated([[stream[:100], stream[100:]]], "empty", "1.1.1"), JPEG_2000)
    instance = stored(sqlite_archive, "1.1.1", file)
    frames = sqlite_archive.index.read_now(locate, instance.uids)[0].frames
    assert frames is not None
    content = await frame_content(sqlite_archive.blobs, instance, frames, 1)

    for offset, length in ((0, 100), (90, 20), (100, 50), (99, len(stream) - 99)):
        assert await everything(content, offset, length) == stream[offset : offset + length]


async def test_bytes_in_memory_are_content_too() -> None:
    assert await everything(InMemory(b"0123456789"), 2, 3) == b"234"
