"""What requests cost at a size of the archive: every search, look-ups, stores and deletes."""

from collections.abc import Iterator, Sequence
from itertools import cycle

from tests.bench import phantoms
from tests.bench.corpus import ct_series
from tests.bench.growing import Extent
from tests.bench.phantoms import files
from tests.bench.population import REPORT, Series
from tests.bench.requests import FRAMES, JSON, Asked, delete, get, store
from tests.bench.scenarios import path_of
from tests.bench.searches import SEARCHES, urls
from tests.bench.servers import Server
from tests.bench.slices import Figures, measure

_SAMPLES = 200
_STORED = 50
_LOOKED_UP = {
    "look-up: metadata": ("/metadata", JSON),
    "look-up: frame": ("/frames/1", FRAMES),
    "look-up: file": ("", "*/*"),
}


def growth(server: Server, extent: Extent, seconds: float) -> Iterator[tuple[str, Figures]]:
    """Yield name and figures of everything that an archive may make slower, with one client."""
    series = extent.sample(_SAMPLES)
    for name, template in SEARCHES.items():
        resource = name.partition(":")[0]
        questions = [get(url, JSON) for url in urls(template, series, extent.rows(resource))]
        yield f"search: {name}", _repeated(server, questions, seconds)
    for name, (suffix, accept) in _LOOKED_UP.items():
        questions = [
            get(path_of(each, 1) + suffix, accept) for each in series if each.examination is not REPORT
        ]
        yield name, _repeated(server, questions, seconds)
    yield from _stored_and_deleted(server, ct_series(f"growth {extent.instances}", 1, _STORED))


def _repeated(server: Server, questions: Sequence[Asked], seconds: float) -> Figures:
    """Measure requests again and again; the first is made once before, as it finds the caches cold."""
    requests = [question.on_wire(server.url) for question in questions]
    measure(server, requests[:1], 1, seconds)
    return measure(server, cycle(requests), 1, seconds)


def _stored_and_deleted(server: Server, series: Series) -> Iterator[tuple[str, Figures]]:
    """Measure single stores, and the deletes that undo them."""
    stores = [store([file]).on_wire(server.url) for file in files(series, phantoms.native(16))]
    yield "store: one instance", measure(server, stores, 1, float("inf"))
    deletes = [delete(path_of(series, number)).on_wire(server.url) for number in range(1, series.size + 1)]
    yield "delete: one instance", measure(server, deletes, 1, float("inf"))
