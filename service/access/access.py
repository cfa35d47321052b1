"""All ways in which callers are known."""

from service.access import keys, links
from service.access.caller import Caller
from service.access.keys import Keys
from service.access.links import Links
from service.errors import Unauthorized


class Access:
    """The ways that are open.

    Args:
        keys: those that programs have; None if none are taken.
        links: to single studies.

    Attributes:
        links: to single studies.
    """

    def __init__(self, links: Links, keys: Keys | None = None) -> None:
        self.links = links
        self._keys = keys

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who they are."""
        return self._keys is None

    async def caller(self, secret: str, *, is_password: bool) -> Caller:
        """Return who has sent this secret.

        Args:
            secret: a key or a token.
            is_password: it came as a password, which no token is.

        Raises:
            Unauthorized: it is neither, or holds no longer.
        """
        if self._keys is not None and secret.startswith(keys.PREFIX):
            return await self._keys.caller(secret)
        if not self.is_open and secret.startswith(links.PREFIX):
            return await self.links.caller(secret)
        raise Unauthorized("the password is no key" if is_password else "the token is not known")
