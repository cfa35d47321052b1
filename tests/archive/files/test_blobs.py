import os
from pathlib import Path

import pytest

from service.archive.files.blobs import LocalBlobs, sync
from service.archive.instance import blob_key, uids_of, version_of
from service.dicom.instance import Uids
from service.errors import Unavailable
from tests.archive.intake import LARGE, SMALL, spooled

KEY = "1/1.1/1.1.1.0123456789abcdef.dcm"


@pytest.fixture
def blobs(tmp_path: Path) -> LocalBlobs:
    return LocalBlobs(tmp_path)


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


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["from memory", "from a file"])
def test_a_kept_file_lies_in_the_tree_and_nowhere_else(blobs: LocalBlobs, content: bytes) -> None:
    blobs.keep(spooled(blobs.incoming, content), KEY)

    assert blobs.path(KEY).read_bytes() == content
    assert list(blobs.all_keys()) == [KEY]
    assert list(blobs.incoming.iterdir()) == []


def test_keeping_names_every_folder_whose_contents_changed(blobs: LocalBlobs) -> None:
    first = blobs.keep(spooled(blobs.incoming, SMALL), KEY)
    second = blobs.keep(spooled(blobs.incoming, SMALL), KEY.replace("1.1.1", "1.1.2"))

    assert first == {blobs.folder, blobs.folder / "1", blobs.folder / "1/1.1"}
    assert second == {blobs.folder / "1/1.1"}
    sync(first | {blobs.folder / "gone"})


def test_a_file_that_is_there_stays_as_it_is(blobs: LocalBlobs) -> None:
    blobs.keep(spooled(blobs.incoming, SMALL), KEY)
    before = blobs.path(KEY).stat()

    blobs.keep(spooled(blobs.incoming, SMALL), KEY)

    assert blobs.path(KEY).stat() == before


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["from memory", "from a file"])
def test_a_file_deleted_in_between_can_be_kept_again_from_the_same_spool(
    blobs: LocalBlobs, content: bytes
) -> None:
    spool = spooled(blobs.incoming, content)
    blobs.keep(spool, KEY)
    blobs.delete(KEY)

    blobs.keep(spool, KEY)

    assert blobs.path(KEY).read_bytes() == content


@pytest.mark.parametrize("content", [SMALL, LARGE], ids=["small", "large"])
def test_without_its_folders_nothing_can_be_kept_and_nobody_waits_for_ever(
    blobs: LocalBlobs, content: bytes
) -> None:
    blobs.incoming.rmdir()

    with pytest.raises(Unavailable):
        blobs.keep(spooled(blobs.incoming, content), KEY)


def test_a_discarded_spool_leaves_nothing_but_what_was_kept(blobs: LocalBlobs) -> None:
    kept, dropped = spooled(blobs.incoming, LARGE), spooled(blobs.incoming, LARGE)
    blobs.keep(kept, KEY)

    kept.discard()
    dropped.discard()

    assert blobs.exists(KEY)
    assert list(blobs.incoming.iterdir()) == []


def test_deleting_takes_the_folders_that_become_empty(blobs: LocalBlobs) -> None:
    other = "1/1.2/1.2.1.0123456789abcdef.dcm"
    blobs.keep(spooled(blobs.incoming, SMALL), KEY)
    blobs.keep(spooled(blobs.incoming, SMALL), other)

    blobs.delete(KEY)
    assert [path.name for path in (blobs.folder / "1").iterdir()] == ["1.2"]

    blobs.delete(other)
    blobs.delete(other)
    assert list(blobs.folder.iterdir()) == []


def test_sweeping_removes_what_nobody_has_written_to_for_a_day(blobs: LocalBlobs) -> None:
    spooled(blobs.incoming, LARGE)
    [abandoned] = blobs.incoming.iterdir()
    os.utime(abandoned, (0, 0))
    blobs.keep(spooled(blobs.incoming, SMALL), KEY)
    os.utime(blobs.path(KEY), (0, 0))
    spooled(blobs.incoming, LARGE)

    blobs.sweep()

    [arriving] = blobs.incoming.iterdir()
    assert arriving != abandoned
    assert blobs.exists(KEY)
