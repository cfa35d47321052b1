import os
import signal
import time
from collections.abc import AsyncIterator
from pathlib import Path

import anyio.to_thread
import numpy as np
import pytest

from service.errors import NotRenderable, UndecodableFrame
from service.pixels.workers.pool import PixelWorkers


def _resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture
async def workers() -> AsyncIterator[PixelWorkers]:
    workers = PixelWorkers(1, seconds=30)
    yield workers
    workers.close()


def test_nothing_is_started_before_it_is_needed() -> None:
    PixelWorkers(2, seconds=1).close()


async def test_a_function_runs_in_another_process(workers: PixelWorkers) -> None:
    assert await workers.run(os.getpid) != os.getpid()


async def test_a_process_is_used_again(workers: PixelWorkers) -> None:
    assert await workers.run(os.getpid) == await workers.run(os.getpid)


async def test_arrays_come_back_as_they_are(workers: PixelWorkers) -> None:
    values = np.arange(3_000_000, dtype=np.int16).reshape(1000, 3000)

    np.testing.assert_array_equal(await workers.run(np.negative, values), -values)


async def test_a_large_array_is_not_copied_into_the_memory_of_this_process(workers: PixelWorkers) -> None:
    values = await workers.run(np.ones, (5000, 2000), np.uint8)

    assert (values.shape, values.sum()) == ((5000, 2000), 10_000_000)
    assert not values.flags.owndata
    assert not values.flags.writeable


async def test_a_process_does_not_keep_the_memory_of_its_last_call(workers: PixelWorkers) -> None:
    before = await workers.run(_resident_bytes)
    await workers.run(np.ones, (20_000, 10_000), np.uint8)

    assert await workers.run(_resident_bytes) - before < 50_000_000


async def test_a_process_has_no_more_memory_than_it_may() -> None:
    workers = PixelWorkers(1, 30, 2 * 2**30)

    with pytest.raises(UndecodableFrame, match="Unable to allocate"):
        await workers.run(np.ones, (70_000, 70_000), np.uint8)

    workers.close()


async def test_a_process_that_hangs_is_replaced(workers: PixelWorkers) -> None:
    workers.seconds = 0.01

    with pytest.raises(UndecodableFrame, match=r"not finish with the frame within 0\.01 seconds"):
        await workers.run(time.sleep, 60)

    workers.seconds = 30

    assert await workers.run(abs, -1) == 1


async def test_a_process_that_dies_is_replaced(workers: PixelWorkers) -> None:
    with pytest.raises(UndecodableFrame, match="crashed"):
        await workers.run(os._exit, 3)

    assert await workers.run(abs, -1) == 1


async def test_a_process_that_died_while_idle_is_replaced(workers: PixelWorkers) -> None:
    process = await workers.run(os.getpid)
    os.kill(process, signal.SIGKILL)
    await anyio.to_thread.run_sync(os.waitid, os.P_PID, process, os.WEXITED | os.WNOWAIT)

    assert await workers.run(abs, -1) == 1


async def test_what_a_codec_raises_is_told_in_one_line(workers: PixelWorkers) -> None:
    with pytest.raises(UndecodableFrame, match="the codec failed on the frame: invalid literal"):
        await workers.run(int, "x")


async def test_errors_raised_on_purpose_arrive_as_they_are(workers: PixelWorkers) -> None:
    with pytest.raises(NotRenderable, match="no colour"):
        await workers.run(_refuse, "no colour")


async def test_more_memory_than_a_process_may_have_is_refused(workers: PixelWorkers) -> None:
    with pytest.raises(UndecodableFrame, match="codec"):
        await workers.run(bytes, 2**40)


async def test_a_process_ignores_the_interrupt_of_a_terminal(workers: PixelWorkers) -> None:
    process = await workers.run(os.getpid)

    os.kill(process, signal.SIGINT)

    assert await workers.run(os.getpid) == process


async def test_calls_wait_for_their_turn(workers: PixelWorkers) -> None:
    process_ids: set[int] = set()

    async def call() -> None:
        process_ids.add(await workers.run(os.getpid))

    async with anyio.create_task_group() as group:
        for _ in range(5):
            group.start_soon(call)

    assert len(process_ids) == 1


def _refuse(message: str) -> None:
    raise NotRenderable(message)
