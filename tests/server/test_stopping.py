"""A server that is told to stop, to be replaced by another: what is under way is finished, nothing begins."""

import asyncio
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from time import monotonic

import httpx
import numpy as np

from tests.builders import image, part10
from tests.serving import Process, client_of, process
from tests.waiting import PATIENCE, until, wait_for
from tests.web.messages import DICOM, fetch, store, url

LARGE = part10(image(np.random.default_rng(7).integers(0, 4096, (64, 512, 512), np.uint16), "1.1.1"))

KEPT_SECONDS = 0.9  # at least, that an idle connection is kept after the server was told to stop


def tell_to_stop(server: Process) -> None:
    """Tell a server to stop, and wait until it takes no connections."""

    async def takes_none() -> bool:
        async with httpx.AsyncClient(trust_env=False, timeout=PATIENCE) as client:
            try:
                await client.get(server.client.base_url)
            except httpx.TransportError:
                return True
        return False

    server.popen.send_signal(signal.SIGTERM)
    assert asyncio.run(until(takes_none))


def test_a_download_that_is_under_way_is_finished(tmp_path: Path) -> None:
    with process(tmp_path / "data", DICOMWEB_STOP_SECONDS="600") as server:
        store(server.client, LARGE)

        with server.client.stream("GET", url("1.1.1"), headers={"accept": "application/dicom"}) as answer:
            chunks = answer.iter_bytes()
            content = bytearray(next(chunks))
            tell_to_stop(server)
            for chunk in chunks:
                content += chunk

        assert content == LARGE
        server.popen.wait(PATIENCE)


def test_a_store_that_is_under_way_is_acknowledged_and_there_afterwards(tmp_path: Path) -> None:
    incoming = tmp_path / "data" / "incoming"

    def halves() -> Iterator[bytes]:
        yield LARGE[: len(LARGE) // 2]
        wait_for(lambda: any(incoming.glob("part-*")))
        tell_to_stop(server)
        yield LARGE[len(LARGE) // 2 :]

    with process(tmp_path / "data", DICOMWEB_STOP_SECONDS="600") as server:
        headers = DICOM | {"content-length": str(len(LARGE))}
        assert server.client.post("studies", content=halves(), headers=headers).status_code == 200
        server.popen.wait(PATIENCE)

    with process(tmp_path / "data") as server:
        assert fetch(server.client, "1.1.1").content == LARGE


def test_no_request_is_lost_on_connections_that_are_kept(tmp_path: Path) -> None:
    are_connected = Barrier(9)

    def ask_until_told_to_go() -> None:
        with client_of(str(server.client.base_url)) as client:
            client.get("studies").raise_for_status()
            is_kept, answered = True, monotonic()
            are_connected.wait(PATIENCE)
            while is_kept:
                try:
                    answer = client.get("studies").raise_for_status()
                except httpx.TransportError:
                    assert monotonic() - answered > KEPT_SECONDS  # on a busy machine: nothing was under way
                    return
                is_kept, answered = answer.headers.get("connection") != "close", monotonic()

    with process(tmp_path / "data", DICOMWEB_STOP_SECONDS="600") as server, ThreadPoolExecutor(8) as clients:
        asked = [clients.submit(ask_until_told_to_go) for _ in range(8)]
        are_connected.wait(PATIENCE)
        server.popen.send_signal(signal.SIGTERM)

        for one in asked:
            one.result(PATIENCE)
        server.popen.wait(PATIENCE)


def test_nobody_is_waited_for_longer_than_the_setting_says(tmp_path: Path) -> None:
    with process(tmp_path / "data", DICOMWEB_STOP_SECONDS="0") as server:
        store(server.client, LARGE)

        with server.client.stream("GET", url("1.1.1"), headers={"accept": "application/dicom"}) as answer:
            next(answer.iter_bytes())
            server.popen.send_signal(signal.SIGTERM)

            server.popen.wait(PATIENCE)
