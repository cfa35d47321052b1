"""The cache: what is in it is right, what does not fit into it is not, and answers never depend on it."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from pydantic import HttpUrl

from service.archive.files.objects.disk_cache import DiskCache
from service.settings import Settings
from tests.archive.intake import LARGE, spooled
from tests.builders import BIG_ENDIAN, DEFLATED, ct_image, image, part10
from tests.serving import serving
from tests.web.messages import store, url

ROOM = 100_000
PIECE = bytes(10_000)


@pytest.fixture
def cache(tmp_path: Path) -> DiskCache:
    return DiskCache(tmp_path / "cache", ROOM)


def content(cache: DiskCache, name: str, size: int) -> bytes | None:
    """Return what is kept under a name."""
    descriptor = cache.open(name, size)
    if descriptor is None:
        return None
    try:
        return os.read(descriptor, size + 1)
    finally:
        os.close(descriptor)


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_kept_is_there_for_this_process_and_others(cache: DiskCache, tmp_path: Path) -> None:
    cache.keep("a/name", b"content")

    assert content(cache, "a/name", 7) == b"content"
    assert content(DiskCache(tmp_path / "cache", ROOM), "a/name", 7) == b"content"
    assert cache.has("a/name", 7)
    assert content(cache, "another", 7) is None


def test_what_arrived_in_a_file_is_moved_there_and_the_spool_can_be_read_still(tmp_path: Path) -> None:
    cache, spool = DiskCache(tmp_path / "cache", 2**30), spooled(tmp_path, LARGE)

    cache.take("name", spool)

    assert content(cache, "name", len(LARGE)) == LARGE
    assert [path for path in tmp_path.iterdir() if path.is_file()] == []
    with spool.buffer() as buffer:
        assert buffer[:] == LARGE
    spool.discard()


def test_what_was_not_used_for_longest_goes_first(cache: DiskCache, tmp_path: Path) -> None:
    for number in range(9):
        cache.keep(str(number), PIECE)
        [file] = [path for path in files(tmp_path) if path.stat().st_mtime > 10_000]
        os.utime(file, (number, number))
    assert content(cache, "0", len(PIECE)) == PIECE  # which is a use

    for number in range(9, 12):
        cache.keep(str(number), PIECE)

    assert sum(path.stat().st_size for path in files(tmp_path)) <= ROOM
    kept = {number for number in range(12) if cache.has(str(number), len(PIECE))}
    assert kept == {0, *range(3, 12)}


def test_what_is_too_large_is_not_kept(cache: DiskCache, tmp_path: Path) -> None:
    cache.keep("large", bytes(ROOM // 2))

    assert files(tmp_path) == []


def test_a_file_of_another_size_is_not_what_was_kept(cache: DiskCache, tmp_path: Path) -> None:
    cache.keep("name", PIECE)
    [file] = files(tmp_path)
    os.truncate(file, 9)

    assert content(cache, "name", len(PIECE)) is None
    assert files(tmp_path) == []


def test_it_can_be_removed_at_any_time(cache: DiskCache, tmp_path: Path) -> None:
    cache.keep("name", PIECE)
    shutil.rmtree(tmp_path / "cache")

    assert content(cache, "name", len(PIECE)) is None
    cache.keep("name", PIECE)
    assert content(cache, "name", len(PIECE)) == PIECE


def test_sweeping_removes_what_another_start_of_the_machine_has_left(
    cache: DiskCache, tmp_path: Path
) -> None:
    cache.keep("name", PIECE)
    old = tmp_path / "cache/another-start/ab/cdef"
    old.parent.mkdir(parents=True)
    old.write_bytes(b"not synced")

    cache.sweep()

    assert not old.exists()
    assert content(cache, "name", len(PIECE)) == PIECE


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 1 MB, where the cache of a service is to lie."""
    disk = tmp_path / "data/cache"
    disk.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(disk)]
    if os.geteuid() or shutil.which("mount") is None:
        pytest.skip("only root can mount a small disk")
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("mount does not work here")
    try:
        yield disk
    finally:
        subprocess.run(["umount", "--lazy", str(disk)], check=True)


def test_where_its_disk_is_full_answers_are_the_same(small_disk: Path, sqlite_url: str, s3_url: str) -> None:
    stored = [
        part10(image(np.arange(2**20, dtype=np.uint16).reshape(1024, 1024), "1.1.1")),
        part10(ct_image("1.1.2"), DEFLATED),
        part10(ct_image("1.1.3"), BIG_ENDIAN),
    ]
    paths = [f"{url(f'1.1.{number}')}{resource}" for number in (1, 2, 3) for resource in ("", "/rendered")]
    paths.append("studies/1?accept=application/zip")

    def answers(client: httpx.Client) -> list[tuple[int, bytes]]:
        asked = [client.get(path, headers={"accept": "application/dicom, */*"}) for path in paths]
        return [(answer.status_code, answer.content) for answer in asked]

    settings = Settings(
        data=small_disk.parent,
        database_url=sqlite_url,
        blobs=s3_url,
        public_url=HttpUrl("http://pacs.example/dicom-web"),
    )
    with serving(settings) as client:
        (small_disk / "ballast").write_bytes(bytes(2**20 - 2**14))
        assert store(client, *stored).status_code == 200
        full = [answers(client), answers(client)]
        (small_disk / "ballast").unlink()
    with serving(settings) as client:
        empty = [answers(client), answers(client)]

    assert full == empty
    assert {status for status, _ in full[0]} == {200}
    assert stored[0] in full[0][0][1]
