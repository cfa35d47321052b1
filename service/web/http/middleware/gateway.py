"""What every request passes: is it for this server, under which base URL; and errors that nobody foresaw."""

import logging
import traceback

from starlette.types import ASGIApp, Receive, Scope, Send

from service.errors import DicomwebError, MisdirectedRequest
from service.troubles import is_trouble, trouble
from service.web.http.answers.resource import WatchedSend
from service.web.http.answers.responses import error_response
from service.web.http.middleware.hosts import Hosts
from service.web.http.requests.base_url import base_url
from service.web.http.requests.paths import resource_path

_log = logging.getLogger(__name__)


class Gateway:
    """Answers requests for this server alone, with their base URL, and an error nobody foresaw too.

    It stands inside CORS, so that a page of another origin can read that answer too.
    """

    def __init__(
        self, app: ASGIApp, root: str, public_url: str | None, trusted_proxies: frozenset[str], hosts: Hosts
    ) -> None:
        self._app = app
        self._root = root
        self._public_url = public_url
        self._trusted_proxies = trusted_proxies
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._hosts.check(scope)
        except MisdirectedRequest as error:
            await error_response(error)(scope, receive, send)
            return
        url = base_url(scope, self._root, self._public_url, self._trusted_proxies)
        scope.setdefault("state", {})["base_url"] = url
        path = resource_path(scope["method"], scope["path"], self._root)
        watched_send = WatchedSend(send)
        try:
            await self._app({**scope, "path": path}, receive, watched_send)
        except Exception as error:
            _log.error("%s failed: %s\n%s", scope["method"], type(error).__name__, _traceback(error))
            if watched_send.has_begun:
                raise
            await error_response(_unforeseen(error))(scope, receive, send)


def _unforeseen(error: Exception) -> DicomwebError:
    """Return what is said of an error that nobody foresaw; what the system denied may work another time."""
    if isinstance(error, OSError) and is_trouble(error):
        return trouble("the request cannot be answered", error)
    return DicomwebError("the server failed; its log says where")


def _traceback(error: Exception) -> str:
    """Return where an error came from, without its message: that may hold what belongs to a patient."""
    return "".join(traceback.format_tb(error.__traceback__)[-8:])
