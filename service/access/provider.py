"""The OpenID provider: its endpoints and its keys, as it tells them, and kept while it does not.

Standard: OpenID Connect Discovery 1.0, RFC 7517.
"""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any
from urllib.parse import urlsplit

import anyio

from service.access.key_set import KeySet
from service.access.requests import SECONDS, Requests
from service.errors import DicomwebError, Unavailable

PAUSE_SECONDS = 30  # between two times that the provider is asked
_FRESH_SECONDS = 600  # until it is asked again without being in need of it: keys are taken away, too
_PATH = "/.well-known/openid-configuration"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a provider is asked what.

    Attributes:
        issuer: as its tokens name it.
        keys: URL of its keys.
        authorization: where people sign in.
        token: where a code becomes tokens.
        userinfo: where more is told of people; None for nowhere.
        end_session: where people sign out; None for nowhere.
        client_authentication: ways in which clients say who they are.
    """

    issuer: str
    keys: str
    authorization: str | None
    token: str | None
    userinfo: str | None
    end_session: str | None
    client_authentication: frozenset[str]


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of a provider."""

    endpoints: Endpoints
    keys: KeySet


class Provider:
    """A provider, and what is known of it. For the event loop's thread alone.

    It is asked when something is needed that is not known, and when what is known is old: never twice at
    once, and never more than once in 30 seconds. What is known stays when it does not answer.

    Args:
        issuer: URL of the provider.
        requests: that ask it.

    Attributes:
        issuer: URL of the provider, without a slash at its end.
        requests: that ask it.
        is_silent: whether it has not answered, or nonsense, when it was asked last.
    """

    def __init__(self, issuer: str, requests: Requests) -> None:
        self.issuer = issuer.rstrip("/")
        self.requests = requests
        self.is_silent = False
        self._known: Knowledge | None = None
        self._problem = "the OpenID provider has not been asked yet"
        self._asked: float | None = None
        self._asking: asyncio.Task[None] | None = None

    @property
    def known(self) -> Knowledge | None:
        """What is known now; it is asked for anew by and by."""
        if self._asked is None or monotonic() - self._asked > _FRESH_SECONDS:
            self.ask()
        return self._known

    async def knowledge(self) -> Knowledge:
        """Return what is known; if that is nothing, ask.

        Raises:
            Unavailable: it does not answer.
        """
        if self.known is None:
            await self.learn()
        if self._known is None:
            raise Unavailable(self._problem)
        return self._known

    async def learn(self) -> None:
        """Ask, unless it has been asked just now, and wait for the answer."""
        self.ask()
        if self._asking is not None:
            await asyncio.shield(self._asking)

    def ask(self) -> None:
        """Ask, unless it is being asked or has been asked just now."""
        now = monotonic()
        if self._asking is None and (self._asked is None or now - self._asked >= PAUSE_SECONDS):
            self._asked = now
            self._asking = asyncio.create_task(self._learn())

    async def close(self) -> None:
        """Ask no more."""
        if self._asking is not None:
            self._asking.cancel()
        await self.requests.close()

    async def _learn(self) -> None:
        """Ask; what comes of it is kept, or why nothing does."""
        try:
            with anyio.fail_after(SECONDS):
                self._keep(await self._answered())
            self.is_silent = False
        except (DicomwebError, TimeoutError) as error:
            self.is_silent, late = True, f"the OpenID provider does not answer within {SECONDS} seconds"
            self._problem = error.message if isinstance(error, DicomwebError) else late
            _log.warning("%s", self._problem)
        finally:
            self._asking = None

    async def _answered(self) -> Knowledge:
        endpoints = self._endpoints(await self.requests.get(self.issuer + _PATH))
        keys = (await self.requests.get(endpoints.keys)).get("keys")
        key_set = KeySet(keys if isinstance(keys, list) else [])
        if not key_set:
            raise Unavailable("the OpenID provider has no key that can be used")
        return Knowledge(endpoints, key_set)

    def _keep(self, answered: Knowledge) -> None:
        """Keep what was answered; what is the same stays the same, with all that was judged by it."""
        old = self._known
        if old and (old.endpoints, old.keys.content) == (answered.endpoints, answered.keys.content):
            return
        self._known = answered

    def _endpoints(self, content: Mapping[str, Any]) -> Endpoints:
        """Return the endpoints that a provider tells.

        Raises:
            Unavailable: it is another provider, or tells too little.
        """
        issuer = content.get("issuer")
        if not isinstance(issuer, str) or issuer.rstrip("/") != self.issuer:
            raise Unavailable("the OpenID provider calls itself otherwise than DICOMWEB_OIDC_ISSUER does")
        keys = self._url(content, "jwks_uri")
        if keys is None:
            raise Unavailable("the OpenID provider does not tell where its keys are")
        ways = content.get("token_endpoint_auth_methods_supported")
        return Endpoints(
            issuer,
            keys,
            self._url(content, "authorization_endpoint"),
            self._url(content, "token_endpoint"),
            self._url(content, "userinfo_endpoint"),
            self._url(content, "end_session_endpoint"),
            frozenset(way for way in ways if isinstance(way, str)) if isinstance(ways, list) else frozenset(),
        )

    def _url(self, content: Mapping[str, Any], name: str) -> str | None:
        """Return a URL that is told; none that is less safe than the provider's own."""
        url = content.get(name)
        schemes = {"https"} if self.issuer.startswith("https:") else {"http", "https"}
        try:
            return url if isinstance(url, str) and urlsplit(url).scheme in schemes else None
        except ValueError:
            return None
