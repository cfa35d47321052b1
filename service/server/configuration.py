"""How uvicorn is configured, in whatever way it is run."""

from typing import Any

import uvicorn

from service.server.zero_copy import ZeroCopyProtocol


def configuration(app: Any, **more: Any) -> uvicorn.Config:
    """Return the configuration of a server.

    Args:
        app: the application, or the place of the function that returns it.
        more: options of uvicorn besides.
    """
    return uvicorn.Config(
        app,
        http=ZeroCopyProtocol,
        ws="none",
        log_config=None,
        access_log=False,  # URLs hold patients' names
        proxy_headers=False,  # the base URL is worked out by us, from trusted proxies alone
        server_header=False,
        timeout_keep_alive=65,  # seconds; longer than proxies keep idle connections
        timeout_graceful_shutdown=10,  # seconds, for requests that are under way
        **more,
    )
