"""One path and its methods, as Starlette's router wants them."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from service.errors import InstanceGone

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
    """All methods of one path, so that 405 can name them all."""

    def __init__(self, handlers: Mapping[str, Handler]) -> None:
        self._handlers = handlers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer; an instance that was replaced while it was being read is looked up once more."""
        handler = self._handlers["GET" if scope["method"] == "HEAD" else scope["method"]]
        request, watched_send = Request(scope, receive, send), WatchedSend(send)
        try:
            await (await handler(request))(scope, receive, watched_send)
        except InstanceGone:
            if watched_send.has_begun:
                raise
            await (await handler(request))(scope, receive, send)
