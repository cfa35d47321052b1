"""Links: a secret that opens one study, read-only, until it expires."""

import secrets
from dataclasses import replace
from time import monotonic, time

from service.access.caller import Caller, Means
from service.access.keys import digest_of
from service.archive.index.database import Database
from service.archive.index.links import Link, add_link, link_with_digest
from service.archive.index.witness import Note, noted
from service.cache import Cache
from service.errors import Unauthorized
from service.permissions import Permission
from service.scope import Scope

PREFIX = "dwl_"

_BYTES = 32
_FRESH_SECONDS = 1  # until it is looked up again whether a link has been revoked
_LINK_BYTES = 1024
_MAX_BYTES = 2**20


class Links:
    """The links there are, as the index has them. For the event loop's thread alone."""

    def __init__(self, index: Database) -> None:
        self._index = index
        self._links: Cache[tuple[Link, float]] = Cache(_MAX_BYTES)

    async def make(
        self, study: str, caller: Caller, seconds: int, note: Note | None = None
    ) -> tuple[Link, str]:
        """Make a link to a study that holds for some seconds, and return it with its secret."""
        secret, now = PREFIX + secrets.token_urlsafe(_BYTES), int(time())
        link = Link(0, digest_of(secret), study, caller.name, caller.subject, now, now + seconds)
        key = await self._index.write(noted(add_link, note), link, now)
        return replace(link, key=key), secret

    async def open(self, secret: str) -> Link:
        """Return the link that has this secret.

        Raises:
            Unauthorized: there is none, or it has expired.
        """
        digest = digest_of(secret)
        known = self._links.get(digest)
        if known is None or monotonic() - known[1] > _FRESH_SECONDS:
            self._links.forget(digest)
            link = await self._index.read(link_with_digest, digest)
            if link is None:
                raise Unauthorized("the link is not known, or has been revoked")
            known = link, monotonic()
            self._links.keep(digest, known, _LINK_BYTES)
        if known[0].expires <= time():
            raise Unauthorized("the link has expired")
        return known[0]

    def forget(self) -> None:
        """Look all links up anew: one has been revoked."""
        self._links = Cache(_MAX_BYTES)

    async def caller(self, secret: str) -> Caller:
        """Return who asks with a link.

        Raises:
            Unauthorized: there is none with this secret, or it has expired.
        """
        link = await self.open(secret)
        scope = Scope(frozenset(), frozenset({link.study}))
        name = f"link {link.key} of {link.made_by}"
        return Caller(name, Means.LINK, frozenset({Permission.READ}), scope, None, link.expires)
