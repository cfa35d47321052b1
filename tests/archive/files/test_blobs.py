"""What every place of files has to do, wherever they are; each test runs on each of them."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from service.archive.digests import digest_of
from service.archive.files.blobs import Blobs
from service.archive.files.opening import open_blobs
from service.archive.files.reading.runs import read_now
from service.archive.instance import blob_key, uids_of, version_of
from service.dicom.instance import Uids
from service.errors import DamagedFile
from tests.archive.intake import LARGE, SMALL, spooled

KEY = "1/1.1/1.1.1.0123456789abcdef.dcm"
OTHER = "1/1.1/1.1.2.0123456789abcdef.dcm"
ELSEWHERE = "2/2.1/2.1.1.0123456789abcdef.dcm"
VERY_LARGE = bytes(range(256)) * (18 * 2**12)
CONTENTS = pytest.mark.parametrize(
    "content", [SMALL, LARGE, VERY_LARGE], ids=["from memory", "from a file", "in pieces"]
)
CACHE_BYTES = 2**30


@pytest.fixture(params=["folder", "s3", "s3 without a cache", "azure", "google"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Blobs]:
    """An empty place of each kind in turn."""
    kind, _, without_cache = request.param.partition(" ")
    url = None if kind == "folder" else request.getfixturevalue(f"{kind}_url")
    blobs = open_blobs(tmp_path, url, 0 if without_cache else CACHE_BYTES)
    yield blobs
    blobs.close()


def put(blobs: Blobs, **contents: bytes) -> None:
    """Keep files, under names of keys."""
    names = {"key": KEY, "other": OTHER, "elsewhere": ELSEWHERE}
    spools = [(names[name], spooled(blobs.incoming, content)) for name, content in contents.items()]
    assert blobs.put(spools) == {}
    for _, spool in spools:
        spool.discard()


def read(blobs: Blobs, key: str, size: int, offset: int = 0, length: int | None = None) -> bytes:
    with blobs.open(key, size) as file:
        return read_now(file, offset, size - offset if length is None else length)


def forget(blobs: Blobs, folder: Path) -> None:
    """Let nothing be nearby, as for a process on another machine."""
    for path in (folder / "cache").rglob("*"):
        if path.is_file():
            path.unlink()


@pytest.mark.parametrize(
    ("version", "key"),
    [
        ("0123456789", "1/1.2/1.2.3.abababababababab-0123456789.dcm"),
        pytest.param(None, "1/1.2/1.2.3.abababababababab.dcm", id="of files before there were versions"),
    ],
)
def test_the_key_follows_the_information_model_and_ends_with_digest_and_version(
    version: str | None, key: str
) -> None:
    assert blob_key("1", "1.2", "1.2.3", bytes.fromhex("ab" * 32), version) == key
    assert (uids_of(key), version_of(key)) == (Uids("1", "1.2", "1.2.3"), version)


@CONTENTS
def test_what_is_put_can_be_read_as_a_whole_and_in_runs(blobs: Blobs, content: bytes, tmp_path: Path) -> None:
    put(blobs, key=content)
    forget(blobs, tmp_path)
    end = len(content)

    for _ in range(2):  # from where it is, and from nearby
        assert read(blobs, KEY, end, end // 2, end // 4) == content[end // 2 : end // 2 + end // 4]
        assert read(blobs, KEY, end) == content
        assert read(blobs, KEY, end, end - 1) == content[-1:]
        with blobs.open(KEY, end) as file, file.whole() as descriptor:
            assert os.pread(descriptor, end + 1, 0) == content


@CONTENTS
def test_what_is_put_lies_nowhere_half_and_is_listed(blobs: Blobs, content: bytes) -> None:
    put(blobs, key=content, other=SMALL, elsewhere=SMALL)

    files = list(blobs.list())

    assert {file.key: file.size for file in files} == {
        KEY: len(content), OTHER: len(SMALL), ELSEWHERE: len(SMALL)
    }  # fmt: skip
    assert sorted(file.modified for file in files)
    assert list(blobs.incoming.iterdir()) == []
    assert blobs.has_files()


@CONTENTS
def test_a_file_is_recognised_and_its_digest_is_that_of_its_bytes(blobs: Blobs, content: bytes) -> None:
    put(blobs, key=content)

    assert blobs.digest(KEY) == digest_of([content])
    assert blobs.holds(KEY, spooled(blobs.incoming, content))
    assert not blobs.holds(KEY, spooled(blobs.incoming, content[:-1] + b"!"))
    assert not blobs.holds(OTHER, spooled(blobs.incoming, content))
    with blobs.arrived(KEY) as file, file.buffer() as buffer:
        assert file.digest == digest_of([content])
        assert buffer[:] == content


@CONTENTS
def test_a_spool_can_be_put_again_when_its_file_has_gone(blobs: Blobs, content: bytes) -> None:
    spool = spooled(blobs.incoming, content)
    blobs.put([(KEY, spool)])
    blobs.delete([KEY])

    assert blobs.put([(OTHER, spool)]) == {}

    spool.discard()
    assert read(blobs, OTHER, len(content)) == content


def test_what_is_deleted_is_gone_and_to_delete_it_again_is_no_trouble(blobs: Blobs, tmp_path: Path) -> None:
    put(blobs, key=SMALL, other=LARGE, elsewhere=SMALL)

    assert blobs.delete([KEY, OTHER]) == {KEY, OTHER}
    assert blobs.delete([KEY, ELSEWHERE]) == {KEY, ELSEWHERE}

    assert list(blobs.list()) == []
    assert not blobs.has_files()
    for key, size in ((KEY, len(SMALL)), (OTHER, len(LARGE))):
        with pytest.raises(FileNotFoundError):
            read(blobs, key, size)
        with pytest.raises(FileNotFoundError):
            blobs.digest(key)


def test_the_sizes_of_many_are_told_at_once_and_of_those_that_are_gone_that_they_are(
    blobs: Blobs, tmp_path: Path
) -> None:
    keys = [f"3/3.1/3.1.{number}.0123456789abcdef.dcm" for number in range(20)]
    blobs.put([(key, spooled(blobs.incoming, SMALL)) for key in keys])
    put(blobs, key=LARGE)
    forget(blobs, tmp_path)

    size = blobs.sizes(dict.fromkeys([*keys, ELSEWHERE], len(SMALL)) | {KEY: 7})

    assert {size(key) for key in keys} == {len(SMALL)}
    assert size(KEY) == len(LARGE)
    with pytest.raises(FileNotFoundError):
        size(ELSEWHERE)


def test_a_file_of_another_length_is_damaged(blobs: Blobs, tmp_path: Path) -> None:
    put(blobs, key=SMALL, other=LARGE)
    forget(blobs, tmp_path)

    for key, size in ((KEY, len(SMALL) - 1), (KEY, len(SMALL) + 1), (OTHER, len(LARGE) + 2**20)):
        with pytest.raises(DamagedFile):
            read(blobs, key, size)


def test_many_can_read_what_nobody_has_read_yet(blobs: Blobs, tmp_path: Path) -> None:
    put(blobs, key=VERY_LARGE, other=LARGE)
    forget(blobs, tmp_path)
    wanted = [(KEY, VERY_LARGE), (OTHER, LARGE)] * 8

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda file: read(blobs, file[0], len(file[1])), wanted))

    assert answers == [content for _, content in wanted]


def test_each_item_is_worked_on_and_results_come_in_order(blobs: Blobs) -> None:
    assert list(blobs.each(lambda number: number * 2, range(100))) == list(range(0, 200, 2))


def test_notes_lie_beside_the_files_and_are_none_of_them(blobs: Blobs) -> None:
    blobs.keep_note("something", "noted")

    assert blobs.note("something") == "noted"
    assert not blobs.has_files()
    blobs.drop_note("something")
    blobs.drop_note("something")
    assert blobs.note("something") is None


def test_where_files_can_be_written_all_is_well(blobs: Blobs) -> None:
    blobs.check()

    assert list(blobs.list()) == []


def test_sweeping_removes_what_nobody_has_written_to_for_a_day(blobs: Blobs) -> None:
    spooled(blobs.incoming, LARGE)
    [abandoned] = blobs.incoming.iterdir()
    os.utime(abandoned, (0, 0))
    put(blobs, key=SMALL)
    arriving = spooled(blobs.incoming, LARGE)

    blobs.sweep()

    assert not abandoned.exists()
    assert len(list(blobs.incoming.iterdir())) == 1
    assert read(blobs, KEY, len(SMALL)) == SMALL
    arriving.discard()
