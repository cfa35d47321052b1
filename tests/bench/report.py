"""What was measured, as a Markdown table that people can paste, and as JSON that programs can read."""

import json
import os
import platform
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from tests.bench.contest import Line
from tests.bench.servers import NGINX, OURS, PEER

_CLIENT_IS_THE_LIMIT = 0.9
_FIGURES = (
    ("requests/s", "rate"),
    ("MB/s", "mb_per_second"),
    ("p50 ms", "p50"),
    ("p95 ms", "p95"),
    ("p99 ms", "p99"),
    ("CPU ms", "cpu"),
    ("peak MB", "peak"),
)
_RATIOS: dict[str, tuple[tuple[str, Callable[[Line, str], float | None]], ...]] = {
    NGINX: (("of nginx", lambda line, ours: line.ratio(ours, NGINX, "rate")),),
    PEER: (
        ("× peer", lambda line, ours: line.ratio(ours, PEER, "rate")),
        ("peer's CPU ×", lambda line, ours: line.ratio(PEER, ours, "cpu")),
    ),
}


def table(lines: Sequence[Line], server: str = OURS) -> str:
    """Return the lines as Markdown: the figures of a server, and what they are against the others'."""
    others = [name for name in _RATIOS if name != server and any(name in line.rounds for line in lines)]
    ratios = [ratio for name in others for ratio in _RATIOS[name]]
    heads = ["scenario", "clients", *(head for head, _ in _FIGURES), *(head for head, _ in ratios)]
    rows = [_row(line, server, [of(line, server) for _, of in ratios]) for line in lines]
    return markdown(heads, rows)


def _row(line: Line, server: str, ratios: Iterable[float | None]) -> list[str]:
    figures = line.figures(server)
    if figures is None:
        return []
    name = line.scenario + (f" ({figures.errors:.0f} errors)" if figures.errors else "")
    clients = f"{line.clients}" + ("*" if figures.client > _CLIENT_IS_THE_LIMIT else "")
    values = [getattr(figures, figure) for _, figure in _FIGURES]
    return [name, clients, *map(number, values), *map(number, ratios)]


def markdown(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table: the first column to the left, the others to the right."""
    filled = [list(row) for row in rows if row]
    widths = [max(len(row[place]) for row in [list(heads), *filled]) for place in range(len(heads))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join(_line(row, widths) for row in [list(heads), rule, *filled])


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join([first, *others])} |"


def number(value: float | None) -> str:
    """Return a figure with three digits that mean something; a dash where there is none."""
    if value is None:
        return "–"
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def machine() -> str:
    """Return what the figures were measured on, in a line."""
    model = next(
        (line.split(":")[1].strip() for line in _cpuinfo() if line.startswith("model name")),
        platform.machine(),
    )
    return f"{os.cpu_count()} × {model}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


def save(path: Path, lines: Iterable[Line]) -> None:
    """Keep everything that was measured, round by round."""
    document = {"machine": machine(), "lines": [line.as_json() for line in lines]}
    path.write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _cpuinfo() -> list[str]:
    path = Path("/proc/cpuinfo")
    return path.read_text().splitlines() if path.exists() else []
