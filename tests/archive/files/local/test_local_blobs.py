"""The tree of files in a folder, where it is unlike other places: folders, syncs, links."""

from pathlib import Path

import pytest

from service.archive.files.local.durable import sync
from service.archive.files.local.local_blobs import LocalBlobs
from service.errors import Unavailable
from tests.archive.intake import LARGE, SMALL, spooled

KEY = "1/1.1/1.1.1.0123456789abcdef.dcm"


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["from memory", "from a file"])
def test_a_kept_file_lies_in_the_tree_and_nowhere_else(blobs: LocalBlobs, content: bytes) -> None:
    blobs.put([(KEY, spooled(blobs.incoming, content))])

    assert blobs.path(KEY).read_bytes() == content
    assert list(blobs.incoming.iterdir()) == []


def test_a_file_that_is_there_stays_as_it_is(blobs: LocalBlobs) -> None:
    blobs.put([(KEY, spooled(blobs.incoming, SMALL))])
    before = blobs.path(KEY).stat()

    blobs.put([(KEY, spooled(blobs.incoming, SMALL))])

    after = blobs.path(KEY).stat()  # whose time of access changes: it has been read to be compared
    assert (after.st_ino, after.st_mode, after.st_size) == (before.st_ino, before.st_mode, before.st_size)
    assert (after.st_mtime_ns, after.st_ctime_ns) == (before.st_mtime_ns, before.st_ctime_ns)


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_without_its_folders_nothing_can_be_kept_and_nobody_waits_for_ever(
    blobs: LocalBlobs, content: bytes
) -> None:
    blobs.incoming.rmdir()
    spool = spooled(blobs.incoming, content[:10])

    assert isinstance(blobs.put([(KEY, spool)])[KEY], Unavailable)


def test_a_discarded_spool_leaves_nothing_but_what_was_kept(blobs: LocalBlobs) -> None:
    kept, dropped = spooled(blobs.incoming, LARGE), spooled(blobs.incoming, LARGE)
    blobs.put([(KEY, kept)])

    kept.discard()
    dropped.discard()

    assert [file.key for file in blobs.list()] == [KEY]
    assert list(blobs.incoming.iterdir()) == []


def test_deleting_takes_the_folders_that_become_empty(blobs: LocalBlobs) -> None:
    other = "1/1.2/1.2.1.0123456789abcdef.dcm"
    blobs.put([(KEY, spooled(blobs.incoming, SMALL)), (other, spooled(blobs.incoming, SMALL))])

    blobs.delete([KEY])
    assert [path.name for path in (blobs.folder / "1").iterdir()] == ["1.2"]

    blobs.delete([other])
    blobs.delete([other])
    assert list(blobs.folder.iterdir()) == []


def test_folders_that_are_gone_need_no_sync(tmp_path: Path) -> None:
    sync({tmp_path, tmp_path / "gone"})
