"""People sign in at an OpenID provider: authorization code, PKCE S256, state and nonce.

What has to be known when they come back is in `state`, encrypted, and goes around with them. A cookie of its
own for each attempt ties it to the browser that began it, so that two tabs can be signed in at once.
Standard: OpenID Connect Core 1.0 3.1, RFC 7636, RFC 9207, OpenID Connect RP-Initiated Logout 1.0.
"""

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping
from contextlib import suppress
from hashlib import sha256
from hmac import compare_digest
from time import time
from typing import Any, NamedTuple
from urllib.parse import quote_plus, urlencode

from service.access.claims import Claims, Identity
from service.access.provider import Endpoints, Provider
from service.access.requests import Answer
from service.access.seal import Seal
from service.access.tokens import Tokens
from service.errors import BadRequest, Unauthorized, Unavailable

ATTEMPT_SECONDS = 600

_PURPOSE, _HINT = "attempt", "hint"
_MAX_HINT_LENGTH = 3800
_ERROR = re.compile(r"[a-z_]{1,60}")


class Client(NamedTuple):
    """This service, as the provider knows it.

    Attributes:
        id: its name there.
        secret: its password there; None if it has none.
        scopes: that it asks for.
    """

    id: str
    secret: str | None
    scopes: tuple[str, ...]


class Attempt(NamedTuple):
    """A sign-in that has begun.

    Attributes:
        url: of the provider, where the browser goes.
        name: of the attempt.
        secret: that the browser keeps under this name.
    """

    url: str
    name: str
    secret: str


class Arrival(NamedTuple):
    """A sign-in that has succeeded.

    Attributes:
        attempt: its name.
        identity: who has signed in.
        expires: until when the provider's word holds, seconds since 1970.
        then: where they wanted to go.
        hint: of whom the provider is told when they sign out.
    """

    attempt: str
    identity: Identity
    expires: float
    then: str
    hint: str


class CodeFlow:
    """Signs people in. For the event loop's thread alone.

    Args:
        provider: where they do.
        tokens: verifies those that it gives.
        client: this service, there.
        seal: of what they bring back.
    """

    def __init__(self, provider: Provider, tokens: Tokens, client: Client, seal: Seal) -> None:
        self._provider = provider
        self._tokens = tokens
        self._client = client
        self._seal = seal

    async def begin(self, redirect_uri: str, then: str) -> Attempt:
        """Return a new attempt.

        Args:
            redirect_uri: where the provider sends people back to.
            then: where they go once they are signed in.

        Raises:
            Unavailable: the provider does not answer, or has no place to sign in.
        """
        endpoints = (await self._provider.knowledge()).endpoints
        if endpoints.authorization is None or endpoints.token is None:
            raise Unavailable("the OpenID provider has no place where people sign in")
        name, secret, nonce, verifier = (secrets.token_urlsafe(size) for size in (6, 16, 16, 32))
        state = {"name": name, "secret": secret, "nonce": nonce, "verifier": verifier, "then": then}
        query = {
            "response_type": "code",
            "client_id": self._client.id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._client.scopes),
            "state": self._seal.seal(_PURPOSE, state | {"expires": time() + ATTEMPT_SECONDS}),
            "nonce": nonce,
            "code_challenge": _base64url(sha256(verifier.encode()).digest()),
            "code_challenge_method": "S256",
        }
        return Attempt(_with_query(endpoints.authorization, query), name, secret)

    async def finish(
        self, redirect_uri: str, query: Mapping[str, str], secret_of: Callable[[str], str | None]
    ) -> Arrival:
        """Return who comes back from the provider.

        Args:
            redirect_uri: as it was when they went there.
            query: with which they come.
            secret_of: what the browser keeps under the name of an attempt.

        Raises:
            BadRequest: nobody has gone there in this browser, or it was too long ago, or the code is used up.
            Unauthorized: the provider has not signed them in.
            Unavailable: the provider does not answer.
        """
        state = self._state(query.get("state", ""), secret_of)
        endpoints = (await self._provider.knowledge()).endpoints
        if query.get("iss", endpoints.issuer) != endpoints.issuer:
            raise BadRequest("this sign-in is of another OpenID provider")
        if "error" in query:
            reason = query["error"] if _ERROR.fullmatch(query["error"]) else "an error"
            raise Unauthorized(f"the OpenID provider says {reason}")
        given = await self._tokens_of(endpoints, query.get("code", ""), redirect_uri, state["verifier"])
        claims = await self._tokens.claims(given["id_token"], frozenset({self._client.id}))
        if not compare_digest(str(claims.get("nonce")).encode(), state["nonce"].encode()):
            raise BadRequest("the OpenID provider's answer is to another sign-in")
        if claims.get("azp", self._client.id) != self._client.id:
            raise Unauthorized("the token is for another audience")
        identity = self._tokens.places.identity(await self._all_claims(endpoints, claims, given))
        return Arrival(state["name"], identity, claims["exp"], state["then"], self._hint(given["id_token"]))

    async def sign_out_url(self, back: str, hint: str | None) -> str | None:
        """Return where people sign out at the provider; None where they cannot.

        Args:
            back: where the provider sends them then.
            hint: of who they are; None if it is not known.
        """
        try:
            url = (await self._provider.knowledge()).endpoints.end_session
        except Unavailable:
            return None
        content = self._seal.open(_HINT, hint) if hint else None
        query = {"client_id": self._client.id, "post_logout_redirect_uri": back}
        return _with_query(url, query | (content or {})) if url else None

    def _hint(self, id_token: str) -> str:
        """Return what a cookie can hold of who somebody is."""
        hint = self._seal.seal(_HINT, {"id_token_hint": id_token})
        return hint if len(hint) <= _MAX_HINT_LENGTH else self._seal.seal(_HINT, {})

    def _state(self, text: str, secret_of: Callable[[str], str | None]) -> Mapping[str, Any]:
        state = self._seal.open(_PURPOSE, text)
        secret = secret_of(state["name"]) if state else None
        if state is None or secret is None or not compare_digest(secret.encode(), state["secret"].encode()):
            raise BadRequest("this sign-in was not begun in this browser, or is done already")
        if state["expires"] <= time():
            raise BadRequest("this sign-in has taken too long: begin again")
        return state

    async def _tokens_of(
        self, endpoints: Endpoints, code: str, redirect_uri: str, verifier: str
    ) -> Mapping[str, str]:
        """Return the tokens that a code stands for.

        Raises:
            BadRequest: it stands for none, or has been used.
            Unavailable: the provider does not answer, or does not know this service.
        """
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": verifier,
        }
        user, more = self._credentials(endpoints)
        assert endpoints.token is not None
        answer = await self._provider.requests.post(endpoints.token, form | more, user)
        if answer.status != 200:
            raise _refusal(answer)
        tokens = {name: value for name, value in answer.content.items() if isinstance(value, str)}
        if "id_token" not in tokens:
            raise Unavailable("the OpenID provider gives no ID token: is openid in DICOMWEB_OIDC_SCOPES?")
        return tokens

    def _credentials(self, endpoints: Endpoints) -> tuple[tuple[str, str] | None, dict[str, str]]:
        """Return how this service says who it is: user and password of Basic, and fields of the form."""
        name, secret, _ = self._client
        if secret is None:
            return None, {"client_id": name}
        ways = endpoints.client_authentication
        if "client_secret_post" in ways and "client_secret_basic" not in ways:
            return None, {"client_id": name, "client_secret": secret}
        return (quote_plus(name), quote_plus(secret)), {}  # RFC 6749 2.3.1

    async def _all_claims(self, endpoints: Endpoints, claims: Claims, given: Mapping[str, str]) -> Claims:
        """Return the claims of the ID token, and what it lacks from the access token or of userinfo."""
        places, access_token = self._tokens.places, given.get("access_token", "")
        if not places.are_in(claims) and access_token.count(".") == 2:
            with suppress(Unauthorized, Unavailable):  # it may be anything: it is not for this service
                claims = {**await self._tokens.claims(access_token, None), **claims}
        if not places.are_in(claims) and access_token and endpoints.userinfo:
            more = await self._provider.requests.get(endpoints.userinfo, access_token)
            if more.get("sub") == claims.get("sub"):
                claims = {**more, **claims}
        return claims


def _refusal(answer: Answer) -> BadRequest | Unavailable:
    """Return what it means that a provider gives no tokens."""
    error = str(answer.content.get("error"))
    if error == "invalid_grant":
        return BadRequest("the code of this sign-in holds no longer: begin again")
    reason = error if _ERROR.fullmatch(error) else f"status {answer.status}"
    return Unavailable(f"the OpenID provider gives no tokens: {reason}")


def _with_query(url: str, query: Mapping[str, str]) -> str:
    return f"{url}{'&' if '?' in url else '?'}{urlencode(query)}"


def _base64url(value: bytes) -> str:
    return urlsafe_b64encode(value).rstrip(b"=").decode()
