"""Requests to a provider, bounded in time and in bytes: it may be slow, or send no end of it."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import anyio
import httpx
import orjson

from service.errors import Unavailable

SECONDS = 5  # that an answer may take, all of it
MAX_BYTES = 2**20  # that it may have

_HEADERS = {
    "accept": "application/json",
    "accept-encoding": "identity",  # so that few bytes never become many
    "user-agent": "dicomweb-service",
}


class Answer(NamedTuple):
    """What a provider has answered: a JSON object.

    Attributes:
        status: of HTTP.
        content: of the object.
    """

    status: int
    content: Mapping[str, Any]


class Requests:
    """Asks a provider. For the event loop's thread alone."""

    def __init__(self) -> None:
        self._client = httpx.AsyncClient(timeout=SECONDS, headers=_HEADERS)

    async def get(self, url: str, token: str | None = None) -> Mapping[str, Any]:
        """Return the JSON object at a URL.

        Raises:
            Unavailable: there is none, or none that comes within bounds.
        """
        headers = {"authorization": f"Bearer {token}"} if token else {}
        answer = await self._asked(self._client.build_request("GET", url, headers=headers))
        if answer.status != 200:
            raise Unavailable(f"the OpenID provider answers {answer.status}, expected 200")
        return answer.content

    async def post(self, url: str, form: Mapping[str, str], user: tuple[str, str] | None) -> Answer:
        """Send a form, and return what is answered, whatever its status.

        Args:
            url: where to.
            form: that is sent.
            user: name and password of Basic.

        Raises:
            Unavailable: no JSON object comes back within bounds.
        """
        request = self._client.build_request("POST", url, data=dict(form))
        if user is not None:
            request = next(httpx.BasicAuth(*user).auth_flow(request))
        return await self._asked(request)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.aclose()

    async def _asked(self, request: httpx.Request) -> Answer:
        try:
            with anyio.fail_after(SECONDS):
                return await self._answer(request)
        except TimeoutError as error:
            raise Unavailable(f"the OpenID provider does not answer within {SECONDS} seconds") from error
        except (httpx.HTTPError, OSError) as error:
            raise Unavailable(f"the OpenID provider does not answer: {type(error).__name__}") from error
        except ValueError as error:
            raise Unavailable("the OpenID provider answers something else than a JSON object") from error

    async def _answer(self, request: httpx.Request) -> Answer:
        response = await self._client.send(request, stream=True)
        try:
            content = bytearray()
            async for chunk in response.aiter_raw():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise Unavailable(f"the OpenID provider answers with more than {MAX_BYTES} bytes")
        finally:
            await response.aclose()
        parsed = orjson.loads(content)
        if not isinstance(parsed, dict):
            raise ValueError("no object")
        return Answer(response.status_code, parsed)
