import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.archive.files.notes import Notes
from service.errors import Unavailable

WRITER = """
import sys
from pathlib import Path
from service.archive.files.notes import Notes
Notes(Path(sys.argv[1]), Path(sys.argv[2])).write(["1/1.1/1.1.1.dcm"])
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "notes"


@pytest.fixture
def writer(folder: Path, tmp_path: Path) -> Iterator["subprocess.Popen[bytes]"]:
    """Run another process that has written a note, until its input ends."""
    command = [sys.executable, "-c", WRITER, str(folder), str(tmp_path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout
        assert process.stdout.readline() == b"written\n"
        yield process
        process.kill()


def notes_in(folder: Path) -> Notes:
    return Notes(folder, folder.parent)


def left(folder: Path) -> list[list[str]]:
    """Return what notes say that were left, and take them away."""
    found = list(notes_in(folder).left())
    for note in found:
        note.discard()
    return [list(note.keys) for note in found]


def test_what_a_living_process_has_under_way_is_not_left(
    folder: Path, writer: "subprocess.Popen[bytes]"
) -> None:
    while_it_lives = left(folder)
    writer.kill()
    writer.wait()

    assert while_it_lives == []
    assert left(folder) == [["1/1.1/1.1.1.dcm"]]
    assert list(folder.iterdir()) == []


def test_a_note_says_nothing_of_those_before_it(folder: Path) -> None:
    notes = notes_in(folder)
    notes.write(["a long key of the first", "another"]).discard()
    notes.write(["b"])

    assert left(folder) == [["b"]]


def test_one_page_is_enough_for_stores_one_after_the_other(folder: Path) -> None:
    notes = notes_in(folder)
    for _ in range(5):
        notes.write(["a"]).discard()

    assert len(list(folder.iterdir())) == 1
    notes.close()
    assert list(folder.iterdir()) == []


def test_a_page_that_somebody_has_removed_is_made_anew(folder: Path) -> None:
    notes = notes_in(folder)
    notes.write(["a"]).discard()
    for page in folder.iterdir():
        page.unlink()
    notes.write(["b"])

    assert left(folder) == [["b"]]


def test_notes_of_earlier_versions_are_found_where_these_left_them(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "batch-0123").write_text("a\nb\n")

    assert [list(note.keys) for note in notes_in(folder).left()] == [["a", "b"]]


def test_without_its_folder_nothing_is_noted(folder: Path) -> None:
    notes = notes_in(folder)
    folder.rmdir()

    with pytest.raises(Unavailable):
        notes.write(["a"])
