"""Tokens of an OpenID provider: JSON Web Tokens, verified once and remembered until they expire.

What can be judged without the provider's keys is judged first, so that a token of somebody else asks nobody
anything. Standard: RFC 7515, RFC 7519, RFC 9068.
"""

from hashlib import sha256
from time import time
from typing import Any, NamedTuple

import orjson
from joserfc.errors import JoseError
from joserfc.jwk import Key
from joserfc.jws import CompactSignature, JWSRegistry, extract_compact, validate_compact

from service.access.caller import Caller, Means
from service.access.claims import Claims, Places
from service.access.provider import Knowledge, Provider
from service.cache import Cache
from service.errors import Unauthorized, Unavailable
from service.permissions import Roles

LEEWAY_SECONDS = 30  # that clocks may differ

_CALLER_BYTES = 2048
_MAX_BYTES = 8 * 2**20
_TYPES = frozenset({"", "jwt", "at+jwt", "application/at+jwt"})


class Rules(NamedTuple):
    """Which tokens are taken.

    Attributes:
        audiences: of which a token has to name one.
        algorithms: of which it has to be signed with one.
    """

    audiences: frozenset[str]
    algorithms: frozenset[str]


class Tokens:
    """Tells who has sent a token. For the event loop's thread alone.

    Args:
        provider: whose tokens are taken.
        rules: for them.
        places: of claims.
        roles: what they permit.
    """

    def __init__(self, provider: Provider, rules: Rules, places: Places, roles: Roles) -> None:
        self.places = places
        self.provider = provider
        self._rules = rules
        self._roles = roles
        self._registry = _Registry(rules.algorithms)
        self._judged_by: Knowledge | None = None
        self._callers: Cache[Caller] = Cache(_MAX_BYTES)

    async def caller(self, token: str) -> Caller:
        """Return who has sent a token.

        Raises:
            Unauthorized: it is none, or does not hold.
            Unavailable: it cannot be judged, as the provider does not answer.
        """
        if (known := self.provider.known) is not self._judged_by:
            self._judged_by, self._callers = known, Cache(_MAX_BYTES)
        digest = sha256(token.encode("utf-8", "replace")).digest()
        caller = self._callers.get(digest)
        if caller is None:
            claims = await self.claims(token, self._rules.audiences)
            caller = self.places.identity(claims).caller(Means.TOKEN, self._roles, claims["exp"])
            self._callers.keep(digest, caller, _CALLER_BYTES)
        if caller.expires is not None and caller.expires + LEEWAY_SECONDS <= time():
            self._callers.forget(digest)
            raise Unauthorized("the token has expired")
        return caller

    async def claims(self, token: str, audiences: frozenset[str] | None) -> Claims:
        """Return what a token says, once it is known to be the provider's and to hold.

        Args:
            token: any text.
            audiences: of which it has to name one; None if it may be for anybody.

        Raises:
            Unauthorized: it is none, or does not hold.
            Unavailable: it cannot be judged, as the provider does not answer.
        """
        signed = _parsed(token)
        header, claims = signed.headers(), _claims(signed.payload)
        self._check_header(header)
        _check_times(claims)
        if audiences is not None and audiences.isdisjoint(_audiences(claims)):
            raise Unauthorized("the token is for another audience")
        if str(claims.get("iss")).rstrip("/") != self.provider.issuer:
            raise Unauthorized("the token is of another issuer")
        known = await self.provider.knowledge()
        if claims["iss"] != known.endpoints.issuer:
            raise Unauthorized("the token is of another issuer")
        keys = await self._candidates(known, header)
        if not any(self._is_signed_with(key, signed) for key in keys):
            raise Unauthorized("the signature of the token is wrong")
        return claims

    def _check_header(self, header: dict[str, Any]) -> None:
        if str(header.get("alg")) not in self._rules.algorithms:
            raise Unauthorized("the token is signed with an algorithm that is not taken")
        kid, kind = header.get("kid"), header.get("typ", "")
        if "crit" in header or not isinstance(kid, str | None):
            raise Unauthorized("the token has a header that is not understood")
        if not isinstance(kind, str) or kind.lower() not in _TYPES:
            raise Unauthorized("the token is of another type than JWT or at+jwt")

    async def _candidates(self, known: Knowledge, header: dict[str, Any]) -> list[Key]:
        """Return the keys that may have signed; for one that is not known, the provider is asked again."""
        kid, algorithm = header.get("kid"), header["alg"]
        if keys := known.keys.candidates(kid, algorithm):
            return keys
        await self.provider.learn()
        keys = (await self.provider.knowledge()).keys.candidates(kid, algorithm)
        if not keys and self.provider.is_silent:
            raise Unavailable("the token is signed with a new key, and the OpenID provider does not answer")
        if not keys:
            raise Unauthorized("the token is signed with a key that the OpenID provider does not have")
        return keys

    def _is_signed_with(self, key: Key, signed: CompactSignature) -> bool:
        try:
            return validate_compact(signed, key, registry=self._registry)
        except (JoseError, ValueError, TypeError):
            return False


class _Registry(JWSRegistry):
    """The algorithms that are taken, with headers that others have made use of."""

    max_header_length = 8192  # with certificates

    def __init__(self, algorithms: frozenset[str]) -> None:
        super().__init__(algorithms=algorithms, strict_check_header=False)

    def get_alg(self, name: str) -> Any:
        """Return an algorithm; joserfc warns of some that a setting has asked for."""
        return self.algorithms[name]


_ANY = _Registry(frozenset())


def _parsed(token: str) -> CompactSignature:
    try:
        return extract_compact(token.encode("ascii"), registry=_ANY)
    except (JoseError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Unauthorized("the token is no JSON Web Token") from error


def _claims(payload: bytes) -> Claims:
    try:
        claims = orjson.loads(payload)
    except ValueError:
        claims = None
    if not isinstance(claims, dict):
        raise Unauthorized("the token has no claims")
    return claims


def _check_times(claims: Claims) -> None:
    """Return if a token holds now. RFC 7519 4.1.4 to 4.1.6."""
    now = time()
    expires = _seconds(claims, "exp")
    if expires is None:
        raise Unauthorized("the token does not say when it expires")
    if expires + LEEWAY_SECONDS <= now:
        raise Unauthorized("the token has expired")
    for name in ("nbf", "iat"):
        begins = _seconds(claims, name)
        if begins is not None and begins - LEEWAY_SECONDS > now:
            raise Unauthorized(f"the token does not hold yet: is a clock wrong? ({name})")


def _seconds(claims: Claims, name: str) -> float | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise Unauthorized(f"the token has no time as its {name}")
    return value


def _audiences(claims: Claims) -> list[str]:
    value = claims.get("aud")
    return [
        audience for audience in (value if isinstance(value, list) else [value]) if isinstance(audience, str)
    ]
