import errno
import gc
import hashlib
import os
import re
import stat
import zlib
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import count
from pathlib import Path

import pytest
import sqlalchemy as sa
from blake3 import blake3

from service.archive import Archive, open_archive
from service.archive.consistency.leftovers import Leftovers, remove_doomed_files
from service.archive.digests import digest_of
from service.archive.files.local.local_blobs import LocalBlobs
from service.archive.files.spool import Spool
from service.archive.index.engine.database import Database
from service.archive.index.lookups.lookup import find, stored_files
from service.archive.index.schema.tables import instances
from service.archive.index.writes.changes import remove
from service.archive.stores.outcomes import Outcome, Stored
from service.archive.stores.store import Store
from service.archive.tasks.upkeep import reindex, verify
from service.dicom.instance import (
    CANNOT_UNDERSTAND,
    DOES_NOT_MATCH_SOP_CLASS,
    DUPLICATE,
    OTHER_STUDY,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
)
from service.errors import InstanceNotFound, Refusal
from service.scope import EVERYTHING
from tests.archive.intake import another_process, files, keys, put, tree, uids
from tests.builders import DEFLATED, NATIVE_SYNTAXES, ct_image, data_set, file_head, part10
from tests.waiting import wait_for

FILE = part10(ct_image("1.1.1"))
OTHER = part10(ct_image("1.1.1", PatientID="P2"))


def words(outcomes: list[Outcome]) -> list[str | int]:
    """Return one word for each outcome: how it was entered, or its Failure Reason."""
    return [outcome.entered.value if isinstance(outcome, Stored) else outcome.reason for outcome in outcomes]


def is_sound(archive: Archive) -> bool:
    return all(done.result == "intact" for done in verify(archive))


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES)
def test_a_file_is_kept_byte_for_byte_whatever_its_transfer_syntax(
    sqlite_archive: Archive, transfer_syntax: str
) -> None:
    file = part10(ct_image("1.1.1"), transfer_syntax)

    [outcome] = put(sqlite_archive, file)

    instance = sqlite_archive.index.read_now(find, EVERYTHING, uids("1.1.1"))
    assert isinstance(outcome, Stored)
    assert files(sqlite_archive) == [file]
    assert (instance.digest, instance.size) == (digest_of([file]), len(file))
    assert instance.transfer_syntax == transfer_syntax


def test_files_lie_in_a_tree_that_follows_the_information_model(sqlite_archive: Archive) -> None:
    put(sqlite_archive, FILE)

    digest = blake3(FILE).hexdigest()
    [key] = keys(sqlite_archive)
    assert re.fullmatch(rf"1/1\.1/1\.1\.1\.{digest[:16]}-[0-9a-z]{{8,10}}\.dcm", key)


def test_nothing_is_left_where_files_arrive(sqlite_archive: Archive) -> None:
    put(sqlite_archive, FILE, OTHER, b"no DICOM", part10(ct_image("1.1.2"), DEFLATED), bytes(2**21))

    assert list(sqlite_archive.blobs.incoming.iterdir()) == []


def test_a_batch_is_stored_in_its_order_and_each_file_stands_alone(archive: Archive) -> None:
    outcomes = put(archive, FILE, b"no DICOM", FILE[:-10], part10(ct_image("1.1.2")), FILE, OTHER)

    assert words(outcomes) == [
        "stored",
        CANNOT_UNDERSTAND,
        CANNOT_UNDERSTAND,
        "stored",
        "unchanged",
        DUPLICATE,
    ]
    assert len(files(archive)) == 2
    assert is_sound(archive)


def test_the_file_of_a_refused_duplicate_does_not_stay(archive: Archive) -> None:
    put(archive, FILE)

    [outcome] = put(archive, OTHER)

    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.sop_instance_uid) == (DUPLICATE, "1.1.1")
    assert files(archive) == [FILE]


def test_replacing_leaves_the_new_file_alone_in_the_tree(database_url: str, tmp_path: Path) -> None:
    archive = open_archive(database_url, tmp_path, replace=True)

    outcomes = put(archive, FILE) + put(archive, OTHER)

    assert words(outcomes) == ["stored", "replaced"]
    assert files(archive) == [OTHER]
    assert is_sound(archive)
    archive.close()


def test_replacing_back_and_forth_within_a_batch_keeps_the_last(sqlite_url: str, tmp_path: Path) -> None:
    archive = open_archive(sqlite_url, tmp_path, replace=True)

    outcomes = put(archive, FILE, OTHER, FILE)

    assert words(outcomes) == ["stored", "replaced", "replaced"]
    assert files(archive) == [FILE]
    archive.close()


def test_an_instance_of_another_study_than_the_named_one_is_refused(sqlite_archive: Archive) -> None:
    outcomes = put(sqlite_archive, FILE, part10(ct_image("2.1.1")), study="2")

    assert words(outcomes) == [OTHER_STUDY, "stored"]


@pytest.mark.parametrize(
    "keyword", ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID"]
)
def test_an_instance_without_one_of_its_uids_cannot_be_kept(sqlite_archive: Archive, keyword: str) -> None:
    incomplete = ct_image("1.1.1")
    delattr(incomplete, keyword)

    [outcome] = put(sqlite_archive, part10(incomplete))

    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.message) == (DOES_NOT_MATCH_SOP_CLASS, f"{keyword} is missing")
    assert files(sqlite_archive) == []


@pytest.mark.parametrize(
    "uid",
    [
        pytest.param("../../etc", id="a path"),
        pytest.param("1.2.", id="ends with a dot"),
        pytest.param("1..2", id="an empty component"),
        pytest.param("1.02", id="a leading zero"),
        pytest.param("1." + "2" * 63, id="65 characters"),
        pytest.param("1" * 500, id="500 digits"),
        pytest.param("1.2 3", id="a space inside"),
        pytest.param("1.²", id="digits that are none"),
    ],
)
@pytest.mark.filterwarnings("ignore:Invalid value for VR UI", "ignore:The value length")
def test_uids_that_are_none_address_nothing(sqlite_archive: Archive, uid: str) -> None:
    unsafe = data_set("1.1.1")
    unsafe.SeriesInstanceUID = uid

    [outcome] = put(sqlite_archive, part10(unsafe))

    assert isinstance(outcome, Refusal)
    assert outcome.message.startswith("SeriesInstanceUID is not a UID: expected")
    assert files(sqlite_archive) == []


def test_a_deflated_data_set_that_grows_beyond_reason_is_refused(sqlite_archive: Archive) -> None:
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    block = deflater.compress(bytes(2**20)) + deflater.flush(zlib.Z_FULL_FLUSH)

    [outcome] = put(sqlite_archive, file_head(ct_image("1.1.1"), DEFLATED) + block * 257)

    assert isinstance(outcome, Refusal)
    assert "grows beyond" in outcome.message


def test_a_deflated_data_set_cut_short_is_refused(sqlite_archive: Archive) -> None:
    [outcome] = put(sqlite_archive, part10(ct_image("1.1.1"), DEFLATED)[:-60])

    assert isinstance(outcome, Refusal)
    assert outcome.message == "the deflated data set is broken or cut short"


def test_the_same_instance_from_many_at_once_is_one_instance(archive: Archive) -> None:
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda _: put(archive, FILE)[0], range(16)))

    assert sorted(words(outcomes)) == ["stored", *["unchanged"] * 15]
    assert files(archive) == [FILE]
    assert is_sound(archive)


def test_different_files_of_one_instance_at_once_leave_one_of_them(archive: Archive) -> None:
    versions = [part10(ct_image("1.1.1", InstanceNumber=number)) for number in range(8)]

    with ThreadPoolExecutor(8) as pool:
        outcomes = list(pool.map(lambda file: put(archive, file)[0], versions))

    accepted = [file for file, outcome in zip(versions, outcomes, strict=True) if isinstance(outcome, Stored)]
    assert files(archive) == accepted
    assert len(accepted) == 1
    assert is_sound(archive)


def test_a_delete_that_races_a_store_never_leaves_a_row_without_its_file(archive: Archive) -> None:
    def delete() -> None:
        try:
            archive.index.write_now(remove, EVERYTHING, "1", "1.1", "1.1.1")
        except InstanceNotFound:
            return
        remove_doomed_files(archive.index, archive.blobs)

    with ThreadPoolExecutor(4) as pool:
        stores = [pool.submit(put, archive, FILE) for _ in range(20)]
        deletes = [pool.submit(delete) for _ in range(20)]
        outcomes = [future.result()[0] for future in stores]
        for future in deletes:
            future.result()

    assert all(isinstance(outcome, Stored) for outcome in outcomes)
    assert len(archive.index.read_now(stored_files)) == len(files(archive))
    assert is_sound(archive)


def test_what_is_here_already_is_not_written_again(archive: Archive) -> None:
    put(archive, FILE)
    [before] = keys(archive)
    written = tree(archive).path(before).stat()

    outcomes = put(archive, FILE)

    [after] = keys(archive)
    now = tree(archive).path(after).stat()
    assert words(outcomes) == ["unchanged"]
    assert (after, now.st_ino, now.st_mtime_ns) == (before, written.st_ino, written.st_mtime_ns)


def test_a_damaged_file_is_healed_by_storing_it_again(archive: Archive) -> None:
    put(archive, FILE)
    [key] = keys(archive)
    tree(archive).path(key).write_bytes(FILE[:-1] + b"?")

    outcomes = put(archive, FILE)

    assert words(outcomes) == ["unchanged"]
    assert files(archive) == [FILE]
    assert is_sound(archive)


def test_files_from_before_there_were_versions_are_kept_replaced_and_indexed_anew(
    database_url: str, tmp_path: Path
) -> None:
    archive = open_archive(database_url, tmp_path, replace=True)
    put(archive, FILE)
    [key] = keys(archive)
    old = f"1/1.1/1.1.1.{hashlib.sha256(FILE).hexdigest()[:16]}.dcm"
    tree(archive).path(key).rename(tree(archive).path(old))
    earlier = {"version": None, "digest": hashlib.sha256(FILE).digest()}
    archive.index.write_now(sa.Connection.execute, sa.update(instances).values(earlier))

    assert words(put(archive, FILE)) == ["unchanged"]
    assert list(keys(archive)) == [old]
    assert [done.result for done in reindex(archive)] == ["stored"]
    assert is_sound(archive)
    assert words(put(archive, OTHER)) == ["replaced"]
    assert files(archive) == [OTHER]
    archive.close()


def test_stores_under_way_are_whole_while_others_remove_what_is_left_over(archive: Archive) -> None:
    other = another_process(archive)

    def clean() -> None:
        other.leftovers.clean()
        list(verify(other, repair=True))

    with ThreadPoolExecutor(5) as pool:
        stores = [pool.submit(put, archive, part10(ct_image(f"1.1.{number}"))) for number in range(30)]
        for _ in range(6):
            clean()
        outcomes = [future.result()[0] for future in stores]

    assert words(outcomes) == ["stored"] * 30
    assert len(files(archive)) == 30
    assert is_sound(archive)
    other.close()


def test_an_instance_that_the_database_does_not_take_is_refused_and_the_others_are_stored(
    sqlite_archive: Archive,
) -> None:
    sqlite_archive.index.write_now(
        sa.Connection.execute,
        sa.text(
            "CREATE TRIGGER picky BEFORE INSERT ON instances WHEN new.sop_instance_uid = '1.1.2' "
            "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
        ),
    )

    outcomes = put(sqlite_archive, *(part10(ct_image(uid)) for uid in ("1.1.1", "1.1.2", "1.1.3")))

    assert words(outcomes) == ["stored", PROCESSING_FAILURE, "stored"]
    assert len(sqlite_archive.index.read_now(stored_files)) == 2


def test_of_stores_that_wait_together_one_that_fails_leaves_the_others_alone(
    sqlite_archive: Archive,
) -> None:
    picky = (
        "CREATE TRIGGER picky BEFORE INSERT ON instances WHEN new.sop_instance_uid LIKE '1.1.5%' "
        "BEGIN SELECT RAISE(ABORT, 'not this one'); END"
    )
    sqlite_archive.index.write_now(sa.Connection.execute, sa.text(picky))

    with ThreadPoolExecutor(8) as pool:
        files = [part10(ct_image(f"1.1.{number}")) for number in range(1, 17)]
        outcomes = [outcomes[0] for outcomes in pool.map(partial(put, sqlite_archive), files)]

    assert words(outcomes) == [PROCESSING_FAILURE if number == 5 else "stored" for number in range(1, 17)]
    assert len(sqlite_archive.index.read_now(stored_files)) == 15
    assert {done.result for done in verify(sqlite_archive)} <= {"intact", "left over"}


def test_opening_finishes_a_delete_that_a_crash_interrupted(sqlite_url: str, tmp_path: Path) -> None:
    archive = open_archive(sqlite_url, tmp_path, replace=False)
    put(archive, FILE, part10(ct_image("2.1.1")))
    archive.index.write_now(remove, EVERYTHING, "1", None, None)
    archive.close()

    reopened = open_archive(sqlite_url, tmp_path, replace=False)

    assert [key.split("/")[0] for key in keys(reopened)] == ["2"]
    assert is_sound(reopened)
    reopened.close()


def test_an_index_that_is_away_is_the_reason_of_each_instance(tmp_path: Path) -> None:
    index = Database("postgresql://nobody@127.0.0.1:1/none")
    blobs = LocalBlobs(tmp_path)
    spool = blobs.spool()
    spool.write(FILE)

    [outcome] = Store(index, blobs, Leftovers(index, blobs), replace=False).batch([spool])

    assert isinstance(outcome, Refusal)
    assert (outcome.reason, outcome.sop_instance_uid) == (OUT_OF_RESOURCES, "1.1.1")
    index.close()


def test_a_file_that_the_disk_fails_to_take_is_refused_and_removed_and_the_others_are_stored(
    sqlite_archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, files_synced = os.fsync, count()

    def failing(descriptor: int) -> None:
        if stat.S_ISREG(os.fstat(descriptor).st_mode) and next(files_synced) == 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", failing)
    first, second, third = put(sqlite_archive, *(part10(ct_image(f"1.1.{number}")) for number in (1, 2, 3)))
    wait_for(lambda: len(keys(sqlite_archive)) == 2)

    assert words([first, second, third]) == ["stored", OUT_OF_RESOURCES, "stored"]
    assert is_sound(sqlite_archive)
    assert words(put(sqlite_archive, part10(ct_image("1.1.2")))) == ["stored"]


def test_files_that_were_refused_are_let_go_of_at_once(sqlite_archive: Archive) -> None:
    junk = [b"junk %d" % number for number in range(50)]
    gc.collect()
    gc.disable()  # which would let go of them some time
    try:
        outcomes = put(sqlite_archive, *junk, FILE[:-50])
        held = [thing for thing in gc.get_objects() if isinstance(thing, Spool)]
    finally:
        gc.enable()

    assert words(outcomes) == [CANNOT_UNDERSTAND] * 51
    assert held == []
