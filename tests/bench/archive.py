"""Curves against the size of an archive: it grows, and is measured at every power of ten on the way."""

import json
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from tests.bench.curves import Panel, draw
from tests.bench.growing import Extent, Growing, extent
from tests.bench.growth import growth
from tests.bench.report import machine, markdown, number
from tests.bench.servers import Server, ours, postgresql
from tests.bench.slices import Figures, middle

SQLITE, POSTGRESQL = "SQLite", "PostgreSQL"

_SMALLEST = 10_000
_LATEST = 10  # portions of a growing archive whose cost is that of its size

Results = dict[str, dict[str, dict[str, dict[str, Any]]]]  # database → size → name → figures


def sizes(instances: int) -> list[int]:
    """Return the sizes at which an archive is measured on its way to so many instances."""
    numbers = [_SMALLEST]
    while numbers[-1] * 10 < instances:
        numbers.append(numbers[-1] * 10)
    return [size for size in numbers if size < instances] + [instances]


@contextmanager
def served(folder: Path, database: str) -> Iterator[Server]:
    """Serve the archive that is kept in a folder, on one kind of database."""
    place = folder / database.lower()
    place.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        if database == SQLITE:
            yield stack.enter_context(ours(place))
        else:
            (place / "database").mkdir(exist_ok=True)
            url, pid = stack.enter_context(postgresql(place / "database"))
            yield stack.enter_context(ours(place, url, (pid,)))


def measured(
    server: Server, note: Path, to: Extent, seconds: float, tell: Callable[[str], None]
) -> dict[str, Figures]:
    """Let an archive grow to its extent and measure it there; nothing if it is larger already."""
    growing = Growing(note)
    if growing.instances > to.instances:
        return {}
    latest: deque[Figures] = deque(maxlen=_LATEST)
    for stored, figures in growing.grow(server, to):
        latest.append(figures)
        tell(f"{stored:,} of {to.instances:,} stored, {50 * figures.rate:.0f} a second")
    figures_of = {"store: 50 in a request": middle(latest)} if latest else {}
    for name, figures in growth(server, to, seconds):
        tell(
            f"{name}: p50 {number(figures.p50)} ms, p99 {number(figures.p99)} ms, {figures.errors:.0f} errors"
        )
        figures_of[name] = figures
    return figures_of


def run(
    folder: Path, databases: Sequence[str], instances: int, seconds: float, tell: Callable[[str], None]
) -> Results:
    """Let archives grow and measure them; what was measured before is kept, in `results.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "results.json"
    results: Results = json.loads(path.read_text())["databases"] if path.exists() else {}
    for database in databases:
        with served(folder, database) as server:
            for size in sizes(instances):
                figures_of = measured(
                    server, folder / f"{database.lower()}.json", extent(size), seconds, tell
                )
                of_size = results.setdefault(database, {}).setdefault(str(size), {})
                of_size |= {name: figures.as_json() for name, figures in figures_of.items()}
                path.write_text(json.dumps({"machine": machine(), "databases": results}, indent=1) + "\n")
    return results


def table(results: Results, figure: str) -> str:
    """Return one figure of everything, in milliseconds, as Markdown: the sizes side by side."""
    columns = [(database, size) for database, result in results.items() for size in result]
    heads = [f"{figure} ms", *(f"{database} {int(size):,}" for database, size in columns)]
    rows = [
        [name, *(number(results[database][size].get(name, {}).get(figure)) for database, size in columns)]
        for name in _names(results)
    ]
    return markdown(heads, rows)


def picture(results: Results) -> str:
    """Return median and p99 against the size as curves, an SVG."""
    panels = [Panel(name.replace("search: ", ""), _curves(results, name)) for name in _names(results)]
    across = "milliseconds against instances in the archive, both logarithmic"
    return draw("Does it grow?", panels, across=across, is_log=True)


def _names(results: Results) -> list[str]:
    return list(dict.fromkeys(name for result in results.values() for of in result.values() for name in of))


def _curves(results: Results, name: str) -> dict[str, list[tuple[float, float]]]:
    return {
        f"{database} {label}": [
            (float(size), of[name][figure]) for size, of in sorted(result.items(), key=_size) if name in of
        ]
        for database, result in results.items()
        for label, figure in (("median", "p50"), ("p99", "p99"))
    }


def _size(item: tuple[str, object]) -> int:
    return int(item[0])
