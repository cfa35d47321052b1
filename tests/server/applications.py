"""Applications of a test, served as ours is."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Any

import httpx
import uvicorn

from service.server.configuration import configuration
from service.settings import Settings
from tests.serving import client_of


@contextmanager
def serving(application: Any, **more: Any) -> Iterator[httpx.Client]:
    """Serve an application, by uvicorn's configuration of ours and more, and lend a client of it."""
    server = uvicorn.Server(configuration(application, Settings(), lifespan="off", **more))
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        while thread.is_alive() and not server.started:
            sleep(0.001)
        try:
            with client_of(f"http://127.0.0.1:{listener.getsockname()[1]}") as lent:
                yield lent
        finally:
            server.should_exit = True
            thread.join()
