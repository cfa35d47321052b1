"""Read back with Python's own zipfile, which is stricter than most."""

import io
import os
import zipfile
from collections.abc import Sequence
from pathlib import Path
from zlib import crc32

import pytest

from service.web.http.answers.zip_format import ZipEntry, central_directory, local_header, zip_length

FILES = [("DICOM/S0000001/I0000001", b"first"), ("DICOM/S0000001/I0000002", bytes(1000)), ("DICOMDIR", b"")]
HUGE = 2**32 + 10


def written(files: Sequence[tuple[str, bytes]]) -> bytes:
    content, entries = b"", []
    for name, file in files:
        entries.append(ZipEntry(name, len(file), crc32(file), len(content)))
        content += local_header(name, len(file), crc32(file)) + file
    return content + central_directory(entries, len(content))


def read(content: bytes) -> list[tuple[str, bytes]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        return [(name, archive.read(name)) for name in archive.namelist()]


def test_files_come_back_with_their_names() -> None:
    assert read(written(FILES)) == FILES


def test_a_zip_file_without_files_is_one() -> None:
    assert read(written([])) == []


def test_a_header_says_how_long_the_file_behind_it_is() -> None:
    header = local_header("DICOMDIR", 1000, 0xABCD)

    flags, stored = int.from_bytes(header[6:8], "little"), int.from_bytes(header[18:22], "little")
    assert (flags & 8, stored) == (0, 1000)


@pytest.mark.parametrize("files", [FILES, []], ids=["some files", "none"])
def test_the_length_is_known_beforehand(files: list[tuple[str, bytes]]) -> None:
    assert zip_length((name, len(file)) for name, file in files) == len(written(files))


def test_more_files_than_sixteen_bits_count_come_back() -> None:
    files = [(f"I{number:07}", b"x") for number in range(2**16)]
    content, entries = io.BytesIO(), []
    for name, file in files:
        entries.append(ZipEntry(name, 1, crc32(file), content.tell()))
        content.write(local_header(name, 1, crc32(file)) + file)

    content.write(central_directory(entries, content.tell()))

    with zipfile.ZipFile(content) as archive:
        assert len(archive.namelist()) == len(files)
        assert archive.read("I0065535") == b"x"


def test_files_beyond_four_gigabytes_come_back(tmp_path: Path) -> None:
    path, last = tmp_path / "sparse.zip", b"behind it"
    header, second = local_header("HUGE", HUGE, 0), local_header("LAST", len(last), crc32(last))
    offset = len(header) + HUGE
    entries = [ZipEntry("HUGE", HUGE, 0, 0), ZipEntry("LAST", len(last), crc32(last), offset)]
    end = offset + len(second) + len(last)

    with path.open("wb") as file:
        file.write(header)
        file.seek(HUGE, os.SEEK_CUR)
        file.write(second + last + central_directory(entries, end))

    with zipfile.ZipFile(path) as archive:
        huge, _ = archive.infolist()
        assert (huge.file_size, huge.extract_version) == (HUGE, 45)
        assert archive.read("LAST") == last
    assert path.stat().st_size == zip_length([("HUGE", HUGE), ("LAST", len(last))])


def test_the_same_files_are_the_same_bytes() -> None:
    assert written(FILES) == written(FILES)
    with zipfile.ZipFile(io.BytesIO(written(FILES))) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
