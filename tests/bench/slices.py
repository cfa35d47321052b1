"""One slice of a measurement: load on a server for a moment, and what it cost the server."""

import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any

from tests.bench.load import Request, drive
from tests.bench.processes import cpu_seconds, forget_peak, peak_memory
from tests.bench.servers import Server

_MB = 1e6
_FINE = range(200, 400)


@dataclass(frozen=True, slots=True)
class Figures:
    """What a slice came to; None where the server's processes cannot be seen.

    Attributes:
        requests: that were answered.
        rate: requests per second.
        mb_per_second: of bodies, in the direction that has more.
        p50: milliseconds that half of the requests took at most; so p95 and p99.
        cpu: milliseconds of the server's processes per request.
        peak: most resident memory of the server's processes, in MB.
        errors: requests without a 2xx or 304.
        client: share of its core that the load generator used; near 1, it is the limit.
    """

    requests: float
    rate: float
    mb_per_second: float
    p50: float
    p95: float
    p99: float
    cpu: float | None
    peak: float | None
    errors: float
    client: float

    def as_json(self) -> dict[str, float | None]:
        """Return the figures by name, rounded to what they are worth."""
        return {name: value and float(f"{value:.4g}") for name, value in asdict(self).items()}


def measure(server: Server, requests: Iterable[Request], clients: int, seconds: float) -> Figures:
    """Put a server under load and return what came of it."""
    forget_peak(server.pids)
    before, own_seconds = cpu_seconds(server.pids), time.process_time()
    outcome = drive(server.address, requests, clients, seconds)
    used, own_seconds = cpu_seconds(server.pids) - before, time.process_time() - own_seconds
    count = len(outcome.latencies)
    times = sorted(1000 * latency for latency in outcome.latencies)
    return Figures(
        requests=count,
        rate=count / outcome.seconds,
        mb_per_second=max(outcome.size, outcome.sent) / outcome.seconds / _MB,
        p50=percentile(times, 50),
        p95=percentile(times, 95),
        p99=percentile(times, 99),
        cpu=1000 * used / count if server.pids and count else None,
        peak=peak_memory(server.pids) / _MB if server.pids else None,
        errors=sum(often for status, often in outcome.statuses.items() if not _is_fine(status)),
        client=own_seconds / outcome.seconds,
    )


def percentile(ascending: Sequence[float], percent: float) -> float:
    """Return the smallest value that so many percent of the values do not exceed; 0 of none."""
    if not ascending:
        return 0.0
    return ascending[max(0, -int(-len(ascending) * percent // 100) - 1)]


def middle(slices: Sequence[Figures]) -> Figures:
    """Return the median of each figure; of errors and of peak memory, the most."""
    figures: dict[str, Any] = {}
    for field in fields(Figures):
        values = [value for each in slices if (value := getattr(each, field.name)) is not None]
        of = max if field.name in ("errors", "peak") else statistics.median
        figures[field.name] = of(values) if values else None
    return Figures(**figures)


def _is_fine(status: int) -> bool:
    return status // 100 == 2 or status == 304
