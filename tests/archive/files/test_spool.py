import errno
import resource
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from service.archive.digests import digest_of
from service.archive.files.disk_troubles import disk_troubles
from service.archive.files.spool import FileInPlace
from service.errors import TooLargeForDisk, Unavailable
from tests.archive.intake import LARGE, SMALL, spooled


@pytest.mark.parametrize("content", [b"", SMALL, LARGE], ids=["nothing", "in memory", "in a file"])
def test_a_spool_gives_back_what_was_written(tmp_path: Path, content: bytes) -> None:
    spool = spooled(tmp_path, content)

    assert spool.size == len(content)
    assert spool.digest == digest_of([content])
    with spool.buffer() as buffer:
        assert buffer[:] == content


def test_few_bytes_never_touch_the_disk_and_many_leave_memory(tmp_path: Path) -> None:
    spooled(tmp_path, SMALL)
    assert list(tmp_path.iterdir()) == []

    spooled(tmp_path, LARGE)
    [file] = tmp_path.iterdir()
    assert file.stat().st_size > len(LARGE) // 2


def test_a_file_of_the_tree_is_read_like_a_spool(tmp_path: Path) -> None:
    spooled(tmp_path, SMALL).move_to(tmp_path / "file")

    file = FileInPlace(tmp_path / "file")

    assert (file.size, file.digest) == (len(SMALL), digest_of([SMALL]))
    with file.buffer() as buffer:
        assert buffer[:] == SMALL


def test_an_empty_file_of_the_tree_can_be_read_too(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()

    with FileInPlace(tmp_path / "empty").buffer() as buffer:
        assert buffer[:] == b""


def test_what_the_disk_had_no_room_for_is_whole_once_it_has(tmp_path: Path) -> None:
    content = LARGE[:700_000]
    spool = spooled(tmp_path, content)

    with files_of_at_most(200_000), pytest.raises(Unavailable, match="cannot be kept"):
        spool.move_to(tmp_path / "target")
    assert list(tmp_path.iterdir()) == []

    spool.move_to(tmp_path / "target")
    assert (tmp_path / "target").read_bytes() == content


@pytest.mark.parametrize(
    "code",
    [
        errno.ENOSPC,
        errno.EDQUOT,
        errno.EROFS,
        errno.EACCES,
        errno.EIO,
        errno.EMFILE,
        errno.ESTALE,
    ],
    ids=errno.errorcode.get,
)
def test_what_the_system_denies_is_said_to_be_unavailable(code: int) -> None:
    with pytest.raises(Unavailable, match="cannot be kept"), disk_troubles():
        raise OSError(code, "from the system")


def test_a_file_longer_than_the_disk_takes_is_too_large() -> None:
    with pytest.raises(TooLargeForDisk, match="longer than the disk takes"), disk_troubles():
        raise OSError(errno.EFBIG, "from the system")


def test_a_folder_that_is_gone_is_left_to_the_caller() -> None:
    with pytest.raises(FileNotFoundError), disk_troubles():
        raise FileNotFoundError(errno.ENOENT, "from the system")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """Let the system refuse larger files, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
