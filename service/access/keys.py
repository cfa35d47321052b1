"""API keys: 256 random bits for a program. Only their SHA-256 is kept."""

import secrets
from hashlib import sha256
from hmac import compare_digest
from time import time

from service.access.caller import Caller, Means
from service.archive.index.engine.database import Database
from service.archive.index.engine.together import Together
from service.archive.index.owners.keys import Key, keys_with_digests
from service.cache import Cache
from service.errors import Unauthorized
from service.permissions import Roles, permitted
from service.scope import EVERYTHING, Scope

PREFIX = "dwk_"

_BYTES = 32
_CALLER_BYTES = 1024
_MAX_BYTES = 2**20


def new_secret() -> str:
    """Return a new key, as the program gets it."""
    return PREFIX + secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> bytes:
    """Return what is kept of a key."""
    return sha256(secret.encode("utf-8", "replace")).digest()


class Keys:
    """The keys there are, as the index has them. For the event loop's thread alone.

    Args:
        index: that has them.
        roles: what they permit.
    """

    def __init__(self, index: Database, roles: Roles) -> None:
        self._index = index
        self._roles = roles
        self._rows: Together[bytes, Key] = Together(index, keys_with_digests)
        self._callers: Cache[tuple[Caller, int]] = Cache(_MAX_BYTES)  # and the moment when it was so

    async def caller(self, secret: str) -> Caller:
        """Return whose key this is.

        Raises:
            Unauthorized: it is none, or holds no longer.
        """
        return await self.holder(digest_of(secret))

    async def holder(self, digest: bytes) -> Caller:
        """Return whose key it is that has this SHA-256.

        Raises:
            Unauthorized: there is none, or it holds no longer.
        """
        known, moment = self._callers.get(digest), self._index.moment()
        if known is not None and known[1] == moment:
            caller = known[0]
        else:
            self._callers.forget(digest)
            caller = await self._looked_up(digest)
            if moment is not None:
                self._callers.keep(digest, (caller, moment), _CALLER_BYTES)
        if caller.expires is not None and caller.expires <= time():
            raise Unauthorized("the key has expired")
        return caller

    async def _looked_up(self, digest: bytes) -> Caller:
        key = await self._rows.look_up(digest)
        if key is None or not compare_digest(key.digest, digest):
            raise Unauthorized("the key is not known")
        if key.revoked is not None:
            raise Unauthorized("the key has been revoked")
        return caller_of(key, self._roles)


def caller_of(key: Key, roles: Roles) -> Caller:
    """Return who asks with a key."""
    scope = EVERYTHING if key.tenant is None else Scope(frozenset({key.tenant}))
    return Caller(
        key.name, Means.KEY, permitted(roles, key.roles), scope, key.tenant, key.expires, f"key {key.name}"
    )
