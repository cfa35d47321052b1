"""What every answer says to browsers: whom it is for, that it is what it says, and who may show it.

An answer that says more of itself keeps what it says: assets stay for ever, health is kept by nobody.
"""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SAID = (
    (b"cache-control", b"private, no-cache"),  # of a patient: for no cache that several people share
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),  # a search has patients' names in its URL
)


class Protected:
    """Says of every answer what browsers and caches may do with it.

    A page of another origin shows as <img> or <video> what says that it may be embedded, and nothing else, as
    does a page that is isolated (Cross-Origin-Embedder-Policy: require-corp).
    """

    def __init__(self, app: ASGIApp, *, is_embeddable: bool) -> None:
        self._app = app
        policy = b"cross-origin" if is_embeddable else b"same-origin"
        self._said = (*_SAID, (b"cross-origin-resource-policy", policy))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""

        async def send_protected(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = message["headers"]
                names = {name for name, _ in headers}
                more = (header for header in self._said if header[0] not in names)
                message = {**message, "headers": [*headers, *more]}
            await send(message)

        await self._app(scope, receive, send_protected)
