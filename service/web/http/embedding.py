"""Answers that pages of other origins may embed, as an <img> or a <video>.

A page that is isolated (Cross-Origin-Embedder-Policy: require-corp) shows what says so, and nothing else.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ALLOWED = (b"cross-origin-resource-policy", b"cross-origin")


class Embeddable:
    """Says of every answer that it may be embedded anywhere."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_allowed(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], _ALLOWED]}
            await send(message)

        await self._app(scope, receive, send_allowed)
