"""Sessions of people: a cookie that says who they are, and nothing that is kept here."""

from dataclasses import replace
from hashlib import sha256
from time import time
from typing import Any, NamedTuple

from service.access.caller import Caller, Means
from service.access.claims import Identity
from service.access.keys import Keys, digest_of
from service.access.seal import Seal
from service.cache import Cache
from service.errors import Forbidden, Unauthorized
from service.permissions import Roles

_PURPOSE = "session"
_KNOWN_BYTES = 4096
_MAX_BYTES = 4 * 2**20
_MAX_LENGTH = 3800  # browsers keep cookies of 4096 bytes, with their names
_SECONDS = 8 * 3600


class _Known(NamedTuple):
    """What a cookie says."""

    expires: float
    caller: Caller | None
    key: bytes


class Sessions:
    """Begins sessions, and knows them again. For the event loop's thread alone.

    Args:
        seal: of cookies.
        roles: what they permit.
        seconds: that each one lasts; None for as long as the token does that it began with.
        keys: with which people sign in; None if they do not.
        issuer: of the provider where people sign in; None if they do not.
    """

    def __init__(
        self, seal: Seal, roles: Roles, seconds: float | None, keys: Keys | None, issuer: str | None
    ) -> None:
        self._seal = seal
        self._roles = roles
        self._seconds = seconds
        self._keys = keys
        self._issuer = issuer
        self._known: Cache[_Known] = Cache(_MAX_BYTES)

    def of_person(self, identity: Identity, token_expires: float) -> str:
        """Return the cookie of who has signed in at the provider.

        Raises:
            Forbidden: they have more tenants than a cookie holds.
        """
        expires = token_expires if self._seconds is None else time() + self._seconds
        known = [role for role in identity.roles if role in self._roles]
        cookie = self._seal.seal(
            _PURPOSE,
            {
                "issuer": self._issuer,
                "subject": identity.subject,
                "name": identity.name,
                "roles": known,
                "tenants": identity.tenants,
                "expires": expires,
            },
        )
        if len(cookie) > _MAX_LENGTH:
            raise Forbidden(f"{identity.name} has more tenants than a session holds")
        return cookie

    async def of_key(self, secret: str) -> str:
        """Return the cookie of who has signed in with a key; the key itself is not in it.

        Raises:
            Unauthorized: it is no key, or holds no longer.
        """
        if self._keys is None:
            raise Unauthorized("keys do not sign in here")
        await self._keys.caller(secret)
        expires = time() + (self._seconds or _SECONDS)
        return self._seal.seal(_PURPOSE, {"key": digest_of(secret).hex(), "expires": expires})

    async def caller(self, cookie: str) -> Caller:
        """Return whose cookie this is.

        Raises:
            Unauthorized: nobody's, or the session has ended.
        """
        digest = sha256(cookie.encode("utf-8", "replace")).digest()
        known = self._known.get(digest)
        if known is None:
            known = self._opened(cookie)
            self._known.keep(digest, known, _KNOWN_BYTES)
        if known.expires <= time():
            raise Unauthorized("the session has ended: sign in again")
        return known.caller or await self._holder(known)

    def _opened(self, cookie: str) -> _Known:
        content = self._seal.open(_PURPOSE, cookie)
        if content is None:
            raise Unauthorized("the session is not known: sign in again")
        if "key" in content:
            return _Known(content["expires"], None, bytes.fromhex(content["key"]))
        if self._issuer is None or content["issuer"] != self._issuer:
            raise Unauthorized("the session is of another OpenID provider: sign in again")
        return _Known(content["expires"], self._person(content), b"")

    def _person(self, content: dict[str, Any]) -> Caller:
        tenants = content["tenants"]
        identity = Identity(
            content["subject"],
            content["name"],
            tuple(content["roles"]),
            None if tenants is None else tuple(tenants),
        )
        return identity.caller(Means.SESSION, self._roles, content["expires"])

    async def _holder(self, known: _Known) -> Caller:
        """Return who has signed in with a key that still holds."""
        if self._keys is None:
            raise Unauthorized("keys do not sign in here")
        caller = await self._keys.holder(known.key)
        expires = known.expires if caller.expires is None else min(known.expires, caller.expires)
        return replace(caller, means=Means.SESSION, expires=expires)
