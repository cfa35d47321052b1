"""What a server's processes cost, seen from outside in /proc: CPU time, memory, descriptors, threads."""

import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_RESET_PEAK = "5"  # proc(5), clear_refs


@dataclass(frozen=True, slots=True)
class Vitals:
    """What a tree of processes has open at one moment.

    Attributes:
        memory: resident bytes.
        descriptors: open files and sockets.
        threads: of all processes.
    """

    memory: int
    descriptors: int
    threads: int


def tree(roots: Iterable[int]) -> list[int]:
    """Return these processes and all that descend from them."""
    children: dict[int, list[int]] = {}
    for pid in _all():
        with suppress(OSError):
            children.setdefault(int(_stat(pid)[1]), []).append(pid)
    pids: dict[int, None] = {}
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        pids[pid] = None
        waiting += children.get(pid, [])
    return list(pids)


def cpu_seconds(roots: Iterable[int]) -> float:
    """Return user and system time of the trees, with that of children that have ended."""
    ticks = 0
    for pid in tree(roots):
        with suppress(OSError):
            ticks += sum(map(int, _stat(pid)[11:15]))
    return ticks / _TICKS


def vitals(roots: Iterable[int]) -> Vitals:
    """Return what the trees have open now."""
    memory = descriptors = threads = 0
    for pid in tree(roots):
        with suppress(OSError):
            status = _status(pid)
            memory += status.get("VmRSS", 0)
            threads += status.get("Threads", 0)
            descriptors += sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())
    return Vitals(memory, descriptors, threads)


def forget_peak(roots: Iterable[int]) -> None:
    """Let the peak of memory be counted from now on, where the kernel and the owner allow it."""
    for pid in tree(roots):
        with suppress(OSError):
            (_PROC / str(pid) / "clear_refs").write_text(_RESET_PEAK)


def peak_memory(roots: Iterable[int]) -> int:
    """Return the most resident bytes that the trees' processes have had."""
    peak = 0
    for pid in tree(roots):
        with suppress(OSError):
            peak += _status(pid).get("VmHWM", 0)
    return peak


def _all() -> Iterator[int]:
    return (int(path.name) for path in _PROC.iterdir() if path.name.isdigit())


def _stat(pid: int) -> list[str]:
    """Return the fields of `stat` from the third on: the second, a name, may hold anything. proc(5)."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _status(pid: int) -> dict[str, int]:
    """Return memory in bytes and numbers out of `status`."""
    fields = {}
    for line in (_PROC / str(pid) / "status").read_text().splitlines():
        name, _, value = line.partition(":")
        number, _, unit = value.strip().partition(" ")
        if number.isdigit():
            fields[name] = int(number) * (1024 if unit == "kB" else 1)
    return fields
