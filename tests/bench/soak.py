"""Mixed load for minutes, and a look at the server every second: what grows although nothing should?

Small studies come and go, so that the archive stays as large as it was.
"""

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event, Thread

from tests.bench import phantoms
from tests.bench.corpus import Corpus, ct_series
from tests.bench.curves import Panel, draw
from tests.bench.phantoms import File, files
from tests.bench.processes import vitals
from tests.bench.report import markdown, number
from tests.bench.requests import Asked, delete, store
from tests.bench.scenarios import SCENARIOS
from tests.bench.servers import Server
from tests.bench.slices import Figures, measure

CLIENTS = 8
_EVERY = 1.0  # seconds between two looks
_STORES = 0.05  # of the requests; the same number are deletes
_KEPT = 20  # studies that came and have not gone yet
_SETTLED = 0.2  # of the time, after which nothing should grow any more
_HEAVY = ("study: ", "store: ")
_MB = 1e6


@dataclass(frozen=True, slots=True)
class Look:
    """The server at one moment.

    Attributes:
        seconds: since the soak began.
        values: name → value, as "memory, MB".
    """

    seconds: float
    values: dict[str, float]


def soak(server: Server, corpus: Corpus, minutes: float) -> tuple[Figures, list[Look]]:
    """Put a server that holds the corpus under mixed load, and return what it cost and how it looked."""
    with _looking(server) as looks:
        figures = measure(server, _mixed(server, corpus), CLIENTS, 60 * minutes)
    return figures, looks


def growth_of(looks: Sequence[Look]) -> dict[str, tuple[float, float, float]]:
    """Return of each value what it was when all had settled, what it was in the end, and the most it was.

    Settled and end are means over a tenth of the time.
    """
    tenth = max(1, len(looks) // 10)
    settled = int(len(looks) * _SETTLED)
    growth = {}
    for name in looks[-1].values:
        values = [look.values[name] for look in looks]
        growth[name] = (_mean(values[settled : settled + tenth]), _mean(values[-tenth:]), max(values))
    return growth


def table(looks: Sequence[Look]) -> str:
    """Return the growth as Markdown."""
    rows = [[name, *map(number, values)] for name, values in growth_of(looks).items()]
    return markdown(["", "settled", "in the end", "most"], rows)


def picture(looks: Sequence[Look]) -> str:
    """Return the looks as curves, an SVG."""
    panels = [
        Panel(name, {"server": [(look.seconds / 60, look.values[name]) for look in looks]})
        for name in looks[0].values
    ]
    return draw("Mixed load", panels, across="minutes", is_log=False)


def _mixed(server: Server, corpus: Corpus) -> Iterator[File]:
    """Yield requests of all kinds without an end, in an order that is always the same."""
    random = Random(1)
    readings = [
        scenario.asked(corpus, 1)
        for scenario in SCENARIOS
        if not any(part in scenario.name for part in _HEAVY)
    ]
    deletions: deque[Asked] = deque()
    number = 0
    while True:
        kind = random.random()
        if kind < _STORES:
            number += 1
            series = ct_series(f"soak {number}", 1, random.randint(1, 5))
            deletions.append(delete(f"/studies/{series.study.uid}"))
            yield store(list(files(series, phantoms.native(90)))).on_wire(server.url)
        elif kind < 2 * _STORES and len(deletions) > _KEPT:
            yield deletions.popleft().on_wire(server.url)
        else:
            yield random.choice(random.choice(readings)).on_wire(server.url)


@contextmanager
def _looking(server: Server) -> Iterator[list[Look]]:
    """Look at the server again and again while the block runs."""
    looks: list[Look] = []
    is_over = Event()
    begin = time.perf_counter()

    def look() -> None:
        while not is_over.is_set():
            looks.append(Look(round(time.perf_counter() - begin, 1), _values(server)))
            is_over.wait(_EVERY)

    thread = Thread(target=look)
    thread.start()
    try:
        yield looks
    finally:
        is_over.set()
        thread.join()


def _values(server: Server) -> dict[str, float]:
    now = vitals(server.pids)
    values = {
        "memory, MB": now.memory / _MB,
        "file descriptors": float(now.descriptors),
        "threads": float(now.threads),
    }
    if server.folder:
        values["temporary files"] = float(_files_in(server.folder / "incoming"))
        values["write-ahead log, MB"] = _size(server.folder / "index.sqlite-wal") / _MB
    return values


def _files_in(folder: Path) -> int:
    return sum(1 for _ in folder.iterdir()) if folder.exists() else 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0
