"""Links: a secret that opens one study, read-only, until it expires."""

import secrets
from dataclasses import replace
from time import time

from service.access.caller import Caller, Means
from service.access.keys import digest_of
from service.archive.index.engine.database import Database
from service.archive.index.engine.together import Together
from service.archive.index.engine.witness import Note, noted
from service.archive.index.owners.links import Link, add_link, links_with_digests
from service.cache import Cache
from service.errors import Unauthorized
from service.permissions import Permission
from service.scope import Scope

PREFIX = "dwl_"

_BYTES = 32
_LINK_BYTES = 1024
_MAX_BYTES = 2**20


class Links:
    """The links there are, as the index has them. For the event loop's thread alone."""

    def __init__(self, index: Database) -> None:
        self._index = index
        self._rows: Together[bytes, Link] = Together(index, links_with_digests)
        self._links: Cache[tuple[Link, int]] = Cache(_MAX_BYTES)  # and the moment when it was so

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
        link = await self._looked_up(digest_of(secret))
        if link is None:
            raise Unauthorized("the link is not known, or has been revoked")
        if link.expires <= time():
            raise Unauthorized("the link has expired")
        return link

    async def _looked_up(self, digest: bytes) -> Link | None:
        known, moment = self._links.get(digest), self._index.moment()
        if known is not None and known[1] == moment:
            return known[0]
        self._links.forget(digest)
        link = await self._rows.look_up(digest)
        if link is not None and moment is not None:
            self._links.keep(digest, (link, moment), _LINK_BYTES)
        return link

    async def caller(self, secret: str) -> Caller:
        """Return who asks with a link.

        Raises:
            Unauthorized: there is none with this secret, or it has expired.
        """
        link = await self.open(secret)
        scope = Scope(frozenset(), frozenset({link.study}))
        name = f"link {link.key} of {link.made_by}"
        return Caller(name, Means.LINK, frozenset({Permission.READ}), scope, None, link.expires)
