import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.bench.processes import cpu_seconds, peak_memory, tree, vitals

_WORK = "sum(range(20_000_000)); block = b'x' * 30_000_000; print(); input()"


@pytest.fixture
def working() -> Iterator[int]:
    """A process that has worked, and holds 30 MB."""
    command = [sys.executable, "-c", _WORK]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        child.stdout.readline()
        yield child.pid
        child.kill()


def test_children_count_to_their_parents(working: int) -> None:
    assert working in tree([os.getpid()])
    assert tree([working]) == [working]


def test_time_memory_threads_and_descriptors_are_seen(working: int) -> None:
    now = vitals([working])

    assert cpu_seconds([working]) > 0
    assert now.memory > 30e6
    assert now.threads == 1
    assert now.descriptors >= 3
    assert peak_memory([working]) >= now.memory


def test_a_process_that_is_gone_is_nothing() -> None:
    assert vitals([2**22 + 1]).memory == 0
    assert cpu_seconds([2**22 + 1]) == 0
