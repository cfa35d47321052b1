"""One path and its methods, as Starlette's router wants them."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.errors import InstanceGone
from service.web.http.answers.warnings import about_ignored, warning

Handler = Callable[[Request], Awaitable[Response]]


class WatchedSend:
    """Sends messages on, and notices whether there were any: what has begun cannot be answered otherwise."""

    def __init__(self, send: Send) -> None:
        self.has_begun = False
        self._send = send

    def __call__(self, message: Message) -> Awaitable[None]:
        """Send one message."""
        self.has_begun = True
        return self._send(message)


class Resource:
    """All methods of one path, so that 405 can name them all.

    Attributes:
        handlers: method → who answers it.
    """

    def __init__(self, handlers: Mapping[str, Handler], parameters: Iterable[str] | None = None) -> None:
        """Take handlers by their methods.

        Args:
            handlers: of each method; HEAD is answered as GET.
            parameters: of the query that GET knows, others being warned of; None where its handler does so.
        """
        self.handlers = handlers
        self.parameters = None if parameters is None else frozenset(parameters)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; an instance that was replaced while it was being read is looked up once more."""
        method = "GET" if scope["method"] == "HEAD" else scope["method"]
        handler = self.handlers[method]
        if method == "GET" and (ignored := self._ignored(scope["query_string"])):
            send = _warning_send(send, warning(scope["state"]["base_url"], [about_ignored(ignored)]))
        scope["state"]["operation"] = handler.__name__
        request, watched_send = Request(scope, receive, send), WatchedSend(send)
        try:
            await (await handler(request))(scope, receive, watched_send)
        except InstanceGone:
            if watched_send.has_begun:
                raise
            await (await handler(request))(scope, receive, send)

    def _ignored(self, query: bytes) -> list[str]:
        if not query or self.parameters is None:
            return []
        names = (name for name, _ in parse_qsl(query.decode("latin-1"), keep_blank_values=True))
        return [name for name in names if name not in self.parameters]


def _warning_send(send: Send, text: str) -> Send:
    """Return what sends an answer with a warning, unless it is an error."""

    async def warned(message: Message) -> None:
        if message["type"] == "http.response.start" and message["status"] < 400:
            message = {**message, "headers": [*message["headers"], (b"warning", text.encode("latin-1"))]}
        await send(message)

    return warned
