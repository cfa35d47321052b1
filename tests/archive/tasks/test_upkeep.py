import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from service.archive import Archive
from service.archive.index.schema.tables import metadata
from service.archive.index.writes.entering import Entered
from service.archive.instance import blob_key, new_version
from service.archive.stores.outcomes import Stored
from service.archive.tasks import upkeep
from service.archive.tasks.upkeep import Done, files_below, import_files, reindex, verify
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource
from service.errors import Refusal
from tests.archive.intake import another_process, files, keys, note, put, spooled, tree
from tests.archive.stored import find
from tests.builders import ct_image, data_set, part10
from tests.waiting import until

FILES = {
    "1.1.1": part10(ct_image("1.1.1")),
    "1.1.2": part10(ct_image("1.1.2", InstanceNumber=2)),
    "2.1.1": part10(data_set("2.1.1", PatientName="Roe^Richard", Modality="SR")),
}


def results(work: Any) -> list[str]:
    return [done.result for done in work]


def rows_of(archive: Archive, level: Level) -> list[bytes]:
    return sorted(row.served("") for row in archive.index.read_now(find, SearchedResource(level)).rows)


def one_path(archive: Archive, uid: str) -> Path:
    [path] = tree(archive).folder.rglob(f"{uid}.*.dcm")
    return path


def lose_everything(connection: sa.Connection) -> None:
    for table in reversed(metadata.sorted_tables):
        connection.execute(sa.delete(table))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Files without names to speak of, one of them no DICOM."""
    below = tmp_path / "export/more"
    below.mkdir(parents=True)
    for number, file in enumerate(FILES.values()):
        (below / f"IM{number}").write_bytes(file)
    (tmp_path / "export/readme.txt").write_text("no DICOM")
    return tmp_path / "export"


def test_a_folder_is_imported_with_all_folders_in_it(archive: Archive, folder: Path) -> None:
    imports = list(import_files(archive, files_below(folder)))

    assert results(imports) == ["stored", "stored", "stored", "refused"]
    assert [done.size for done in imports] == [*map(len, FILES.values()), 8]
    assert imports[-1].file == folder / "readme.txt"
    assert "not a DICOM file" in imports[-1].problem


def test_importing_again_changes_nothing(archive: Archive, folder: Path) -> None:
    first = results(import_files(archive, files_below(folder)))
    second = results(import_files(archive, files_below(folder)))

    assert second == [word.replace("stored", "unchanged") for word in first]


def test_a_single_file_is_a_folder_of_its_own(folder: Path) -> None:
    assert files_below(folder / "readme.txt") == [folder / "readme.txt"]


def test_a_file_that_cannot_be_read_is_refused_and_the_others_stored(
    sqlite_archive: Archive, folder: Path
) -> None:
    imports = import_files(sqlite_archive, [folder / "gone", *files_below(folder / "more")])

    assert results(imports) == ["refused", "stored", "stored", "stored"]


def test_more_files_than_a_batch_holds_are_imported(
    sqlite_archive: Archive, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upkeep, "_BATCH_FILES", 2)

    assert results(import_files(sqlite_archive, files_below(folder))).count("stored") == 3


def test_reindexing_brings_back_what_was_lost(archive: Archive) -> None:
    put(archive, *FILES.values())
    before = {level: rows_of(archive, level) for level in Level}
    archive.index.write_now(lose_everything)
    assert rows_of(archive, Level.STUDY) == []

    words = results(reindex(archive))

    assert words == ["stored"] * 3
    assert {level: rows_of(archive, level) for level in Level} == before


def test_reindexing_a_sound_archive_changes_nothing(archive: Archive) -> None:
    put(archive, *FILES.values())
    before, kept = rows_of(archive, Level.INSTANCE), files(archive)

    list(reindex(archive))

    assert (rows_of(archive, Level.INSTANCE), files(archive)) == (before, kept)


def test_a_damaged_file_is_left_out_of_a_new_index_and_stays_in_the_tree(sqlite_archive: Archive) -> None:
    put(sqlite_archive, *FILES.values())
    flip(one_path(sqlite_archive, "1.1.1"))

    entered = list(reindex(sqlite_archive))

    [refused] = [done for done in entered if done.problem]
    assert refused.file == str(one_path(sqlite_archive, "1.1.1"))
    assert len(rows_of(sqlite_archive, Level.INSTANCE)) == 2


def test_of_two_files_of_one_instance_the_first_written_is_indexed_and_both_stay(
    sqlite_archive: Archive,
) -> None:
    younger = part10(ct_image("1.1.1", PatientID="younger"))
    put(sqlite_archive, FILES["1.1.1"])
    os.utime(one_path(sqlite_archive, "1.1.1"), (0, 0))
    spool = spooled(sqlite_archive.blobs.incoming, younger)
    sqlite_archive.blobs.put([(f"1/1.1/1.1.1.{spool.digest.hex()[:16]}.dcm", spool)])

    words = results(reindex(sqlite_archive))

    reopened = another_process(sqlite_archive)
    assert words == ["stored", "refused"]
    assert sorted(files(reopened)) == sorted([FILES["1.1.1"], younger])
    assert b"younger" not in rows_of(reopened, Level.STUDY)[0]
    reopened.close()


def test_an_archive_as_it_should_be_is_intact(archive: Archive) -> None:
    put(archive, *FILES.values())

    verdicts = list(verify(archive))

    assert results(verdicts) == ["intact"] * 3
    assert not any(done.problem for done in verdicts)


def test_a_flipped_byte_a_missing_and_an_unknown_file_are_found(sqlite_archive: Archive) -> None:
    put(sqlite_archive, *FILES.values())
    flip(one_path(sqlite_archive, "1.1.1"))
    one_path(sqlite_archive, "1.1.2").unlink()
    stranger = tree(sqlite_archive).folder / "1/1.1/stranger.dcm"
    stranger.write_bytes(b"?")

    verdicts = {done.result: done for done in verify(sqlite_archive)}

    assert verdicts.keys() == {"damaged", "missing", "intact", "unknown"}
    assert verdicts["unknown"] == Done(str(stranger), "unknown", "the file is not in the index", 1)
    assert all(bool(done.problem) == (result != "intact") for result, done in verdicts.items())


def orphan(archive: Archive, uid: str) -> Path:
    """Leave what a store leaves that is killed before its row is written."""
    spool = spooled(archive.blobs.incoming, part10(ct_image(uid)))
    study, series, _ = uid.split(".")
    key = blob_key(study, f"{study}.{series}", uid, spool.digest, new_version())
    archive.blobs.put([(key, spool)])
    return tree(archive).path(key)


def test_what_a_killed_store_left_is_no_fault_and_is_removed_when_asked(archive: Archive) -> None:
    put(archive, *FILES.values())
    left = orphan(archive, "1.1.3")

    verdicts = list(verify(archive))
    assert sorted(results(verdicts)) == ["intact"] * 3 + ["left over"]
    assert not any(done.problem for done in verdicts)
    assert left.exists()

    assert sorted(results(verify(archive, repair=True))) == ["intact"] * 3 + ["removed"]
    assert not left.exists()
    assert sorted(files(archive)) == sorted(FILES.values())


def test_of_an_incomplete_index_no_file_is_removed(sqlite_archive: Archive) -> None:
    put(sqlite_archive, *FILES.values())
    sqlite_archive.completeness.doubt()
    sqlite_archive.index.write_now(lose_everything)

    verdicts = list(verify(sqlite_archive, repair=True))

    assert all("run reindex" in done.problem for done in verdicts)
    assert sorted(files(sqlite_archive)) == sorted(FILES.values())


def test_what_was_under_way_is_removed_at_the_next_start_and_what_was_stored_stays(archive: Archive) -> None:
    put(archive, *FILES.values())
    left = orphan(archive, "1.1.3")
    note(archive, *keys(archive), "1/1.1/cut by a ki")

    another_process(archive).close()

    assert not left.exists()
    assert sorted(files(archive)) == sorted(FILES.values())
    assert list(archive.blobs.incoming.iterdir()) == []


def test_beside_an_index_that_is_lost_nothing_is_taken_for_left_over(sqlite_archive: Archive) -> None:
    put(sqlite_archive, *FILES.values())
    note(sqlite_archive, *keys(sqlite_archive))
    sqlite_archive.completeness.doubt()
    sqlite_archive.index.write_now(lose_everything)

    another_process(sqlite_archive).close()

    assert sorted(files(sqlite_archive)) == sorted(FILES.values())


@contextmanager
def away(archive: Archive) -> Iterator[None]:
    """Let the archive's SQLite file be somewhere else."""
    path = Path(archive.index.engine.url.database or "")
    archive.index.engine.dispose()
    path.rename(path.with_suffix(".away"))
    path.mkdir()
    yield
    path.rmdir()
    path.with_suffix(".away").rename(path)
    archive.index.engine.dispose()  # whoever looked in between has opened an empty file


async def test_files_of_a_store_that_the_index_did_not_take_do_not_stay(sqlite_archive: Archive) -> None:
    with away(sqlite_archive):
        [outcome] = put(sqlite_archive, FILES["1.1.1"])
    assert isinstance(outcome, Refusal)

    async def is_empty() -> bool:
        return not files(sqlite_archive) and not list(sqlite_archive.blobs.incoming.iterdir())

    assert await until(is_empty)
    [again] = put(sqlite_archive, FILES["1.1.1"])
    assert isinstance(again, Stored)
    assert again.entered is Entered.STORED


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 0xFF
    path.write_bytes(content)
