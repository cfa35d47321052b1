"""Metrics for Prometheus: counted where things happen, and told when they are asked for.

Nothing that tells studies or people apart is a label. With several processes each counts in files of its own
(PROMETHEUS_MULTIPROC_DIR), and whoever is asked tells the sums. To import the library takes long, so that
only who wants metrics does.
"""

import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from prometheus_client import Counter

FOLDER = "PROMETHEUS_MULTIPROC_DIR"
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
NO_OPERATION = "none"  # of what is routed nowhere

_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.5, 10, 60)  # seconds


class Metrics:
    """What has been counted in this process; safe for threads."""

    def __init__(self) -> None:
        from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram  # noqa: PLC0415

        self._folder = os.environ.get(FOLDER)
        if self._folder:
            _forget_the_dead(Path(self._folder))
        self._registry = registry = CollectorRegistry()

        def counter(name: str, text: str, *labels: str) -> "Counter":
            return Counter(f"dicomweb_{name}", text, labels, registry=registry)

        def gauge(name: str, text: str) -> "Gauge":
            return Gauge(f"dicomweb_{name}", text, registry=registry, multiprocess_mode="livesum")

        self._requests = Histogram(
            "dicomweb_request_seconds",
            "Seconds from a request's head to the end of its answer.",
            ("operation", "status"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._dimse = Histogram(
            "dicomweb_dimse_seconds",
            "Seconds from a DIMSE request to the end of its answer.",
            ("operation", "status"),
            registry=registry,
            buckets=_BUCKETS,
        )
        self._sent = counter("sent_bytes", "Bytes of answers.", "operation")
        self._served = counter("served_instances", "Instances that were sent whole.")
        self._stored = counter("stored_instances", "Instances brought, by what became of them.", "outcome")
        self._stored_bytes = counter("stored_bytes", "Bytes of instances that were stored.")
        self._waits = counter("index_lock_wait_seconds", "Seconds that writes waited for their turn.")
        self._holds = counter("index_lock_held_seconds", "Seconds of transactions that write.")
        self._writes = counter("index_writes", "Writes of the index.")
        self.busy = gauge("codec_workers_busy", "Codec processes at work.")
        self.ended = counter("codec_workers_ended", "Codec processes that were ended or died.")
        self.streams = gauge("event_streams", "Clients that listen to the change feed.")
        self._calls = counter(
            "blob_calls", "Calls of the object store, by whether it answered.", "call", "outcome"
        )
        self._call_seconds = counter("blob_call_seconds", "Seconds of calls of the object store.", "call")
        self._looks = counter("cache_looks", "Looks for a file of the object store in the cache.", "outcome")
        self._known: dict[tuple[str, int], tuple[Histogram, Counter]] = {}

    def request(self, operation: str, status: int, seconds: float, sent: int, instances: int) -> None:
        """Count a request that has been answered."""
        known = self._known.get((operation, status))
        if known is None:  # to look it up by its labels costs as much as all else
            known = self._requests.labels(operation, str(status)), self._sent.labels(operation)
            self._known[operation, status] = known
        known[0].observe(seconds)
        known[1].inc(sent)
        if instances and status in (200, 206):
            self._served.inc(instances)

    def dimse(self, operation: str, status: int, seconds: float) -> None:
        """Count a DIMSE request that has been answered, by the last status word."""
        self._dimse.labels(operation, f"{status:04X}").observe(seconds)

    def stored(self, outcome: str, size: int) -> None:
        """Count an instance that was brought, and its bytes if it was stored."""
        self._stored.labels(outcome).inc()
        if outcome in ("stored", "replaced"):
            self._stored_bytes.inc(size)

    def waited(self, seconds: float) -> None:
        """Count a write of the index, and how long it has waited for its turn."""
        self._writes.inc()
        self._waits.inc(seconds)

    def held(self, seconds: float) -> None:
        """Count the seconds of a transaction that writes."""
        self._holds.inc(seconds)

    def called(self, name: str, is_answered: bool, seconds: float) -> None:
        """Count a call of the object store."""
        self._calls.labels(name, "answered" if is_answered else "failed").inc()
        self._call_seconds.labels(name).inc(seconds)

    def looked(self, is_here: bool) -> None:
        """Count a look into the cache of the object store."""
        self._looks.labels("hit" if is_here else "miss").inc()

    def text(self, gauges: Mapping[str, tuple[str, Iterable[tuple[Mapping[str, str], float]]]]) -> bytes:
        """Return all of it, in the format of Prometheus.

        Args:
            gauges: what is looked up now: name → its meaning, and values with their labels.
        """
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415

        registry = self._registry
        if self._folder:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        looked_up = CollectorRegistry()
        looked_up.register(_LookedUp(gauges))  # type: ignore[arg-type]
        return generate_latest(registry) + generate_latest(looked_up)


class _LookedUp:
    """Values that nobody counts, as a collector of the library."""

    def __init__(self, gauges: Mapping[str, tuple[str, Iterable[tuple[Mapping[str, str], float]]]]) -> None:
        self._gauges = gauges

    def collect(self) -> Iterable[object]:
        """Yield them."""
        from prometheus_client.core import GaugeMetricFamily  # noqa: PLC0415

        for name, (text, values) in self._gauges.items():
            listed = list(values)
            names = list(listed[0][0]) if listed else []
            family = GaugeMetricFamily(f"dicomweb_{name}", text, labels=names)
            for labels, value in listed:
                family.add_metric([labels[label] for label in names], value)
            yield family


def _forget_the_dead(folder: Path) -> None:
    """Remove what processes were doing that are gone; what they have counted stays."""
    for file in folder.glob("gauge_live*_*.db"):
        number = file.stem.rpartition("_")[2]
        if number.isdigit() and not Path(f"/proc/{number}").exists() and Path("/proc/self").exists():
            with suppress(OSError):
                file.unlink()
