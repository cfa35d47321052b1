"""Files written past the page cache hold what was written, whatever their size."""

import os
from pathlib import Path
from tempfile import TemporaryFile

import pytest

from service.archive.files.direct import write_past_cache

PAGE, BUFFER = 4096, 2**19
MEMORY = "/dev/shm"  # noqa: S108 (a file system that may not write past the page cache, as it is nothing else)


@pytest.mark.parametrize(
    "size",
    [0, 1, 2**16 - 1, 2**16, 2**16 + 1, 331_604, BUFFER, BUFFER + 1, 3 * BUFFER + PAGE + 5],
)
@pytest.mark.parametrize("in_memory", [False, True])
def test_a_file_holds_what_was_written(tmp_path: Path, size: int, *, in_memory: bool) -> None:
    content = os.urandom(size)

    with TemporaryFile(dir=MEMORY if in_memory else tmp_path, buffering=0) as file:
        write_past_cache(file.fileno(), content)

        assert os.pread(file.fileno(), size + 1, 0) == content


def test_the_next_file_is_not_disturbed_by_the_one_before(tmp_path: Path) -> None:
    for content in (b"A" * 2 * BUFFER, b"B" * 100_000):
        path = tmp_path / "file"
        with path.open("wb", buffering=0) as file:
            write_past_cache(file.fileno(), content)

        assert path.read_bytes() == content
