"""How uvicorn is configured, in whatever way it is run."""

from functools import partial
from typing import Any

import uvicorn

from service.server.bounds import BoundedProtocol, Bounds
from service.server.reading import Readers
from service.settings import Settings


def configuration(app: Any, settings: Settings, **more: Any) -> uvicorn.Config:
    """Return the configuration of a server.

    Args:
        app: the application, or the place of the function that returns it.
        settings: of the bounds of requests, and of how the server ends.
        more: options of uvicorn besides.
    """
    bounds = Bounds(settings.max_head_bytes, settings.head_seconds, settings.body_seconds)
    return uvicorn.Config(
        app,
        http=Readers(partial(BoundedProtocol, bounds=bounds)),  # type: ignore[arg-type]
        ws="none",
        log_config=None,
        access_log=False,  # URLs hold patients' names
        proxy_headers=False,  # the base URL is worked out by us, from trusted proxies alone
        server_header=False,
        timeout_keep_alive=65,  # seconds; longer than proxies keep idle connections
        timeout_graceful_shutdown=settings.stop_seconds,  # for requests that are under way
        timeout_worker_healthcheck=30,  # seconds; a busy machine may hold a worker up, or load it slowly
        **more,
    )
