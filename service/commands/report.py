"""What an import refused, as a file: a line for each, for whoever goes on with them."""

import csv
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from service.archive.tasks.upkeep import Done

_JSON_LINES = (".jsonl", ".ndjson", ".json")
_COLUMNS = ("path", "reason")


class Report:
    """Writes each refusal as it comes, so that it is there too when the work is ended before its time.

    Attributes:
        path: of the file.
    """

    def __init__(self, path: Path, file: TextIO) -> None:
        self.path = path
        self._file = file
        is_json = path.suffix.lower() in _JSON_LINES
        self._table = None if is_json else csv.writer(file, lineterminator="\n")
        if self._table:
            self._table.writerow(_COLUMNS)

    def of(self, work: Iterable[Done]) -> Iterator[Done]:
        """Pass on what became of each file, and note those that were refused."""
        for outcome in work:
            if outcome.problem:
                self._note(str(outcome.file), outcome.problem)
            yield outcome

    def _note(self, *values: str) -> None:
        if self._table:
            self._table.writerow(values)
        else:
            self._file.write(json.dumps(dict(zip(_COLUMNS, values, strict=True))) + "\n")
        self._file.flush()


@contextmanager
def report_in(path: Path) -> Iterator[Report]:
    """Lend a report in a new file: CSV, or JSON lines where the file's name ends so.

    Raises:
        OSError: it cannot be written.
    """
    with path.open("w", encoding="utf-8", errors="surrogateescape", newline="") as file:
        yield Report(path, file)
