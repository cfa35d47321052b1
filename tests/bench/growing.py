"""An archive that grows through the public interface, and goes on growing where it was left.

The population is always the same, so that how far it has come is all that has to be remembered.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from tests.bench import phantoms
from tests.bench.corpus import batches
from tests.bench.phantoms import File, files
from tests.bench.population import Series, population
from tests.bench.requests import store
from tests.bench.servers import Server
from tests.bench.slices import Figures, measure

_SIDE = 16  # small pixels: what grows is the index
_REQUESTS = 20  # between two notes of how far the archive has come
_CLIENTS = 2


@dataclass(frozen=True, slots=True)
class Extent:
    """How large an archive is.

    Attributes:
        series: that it holds, all of them whole.
        studies: number of them.
        instances: number of them.
    """

    series: list[Series]
    studies: int
    instances: int

    def rows(self, resource: str) -> int:
        """Return the number of rows of a resource, named as in its URL."""
        return {"studies": self.studies, "series": len(self.series), "instances": self.instances}[resource]

    def sample(self, number: int) -> list[Series]:
        """Return some of the series, evenly spread."""
        return self.series[:: max(1, len(self.series) // number)]


def extent(instances: int) -> Extent:
    """Return the archive that has at least so many instances, and no series more than that takes."""
    all_series: list[Series] = []
    count = 0
    for series in population():
        if count >= instances:
            break
        all_series.append(series)
        count += series.size
    return Extent(all_series, len({series.study.uid for series in all_series}), count)


class Growing:
    """An archive in a server, and a note of how far it has come.

    Args:
        note: a file, which may be there from an earlier time.
    """

    def __init__(self, note: Path) -> None:
        self._note = note

    @property
    def instances(self) -> int:
        """How many instances are stored for certain."""
        return int(json.loads(self._note.read_text())["instances"]) if self._note.exists() else 0

    def grow(self, server: Server, to: Extent) -> Iterator[tuple[int, Figures]]:
        """Store what is missing.

        Yields:
            How many instances there are, and what the last requests of 50 cost.

        Raises:
            RuntimeError: the server did not take everything.
        """
        stored = self.instances
        source = batches(_files_from(to, stored))
        while portion := list(islice(source, _REQUESTS)):
            requests = [store(batch).on_wire(server.url) for batch in portion]
            figures = measure(server, requests, _CLIENTS, float("inf"))
            if figures.errors:
                raise RuntimeError(f"{figures.errors:.0f} stores failed at {stored} instances")
            stored += sum(map(len, portion))
            self._note.write_text(json.dumps({"instances": stored}))
            yield stored, figures


def _files_from(to: Extent, skipped: int) -> Iterator[File]:
    """Yield the files of the archive after so many; series that are skipped are not made."""
    for series in to.series:
        if skipped >= series.size:
            skipped -= series.size
        else:
            yield from islice(files(series, phantoms.native(_SIDE)), skipped, None)
            skipped = 0
