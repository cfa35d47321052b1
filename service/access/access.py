"""All ways in which callers are known."""

from service.access import keys, links
from service.access.caller import Caller
from service.access.code_flow import CodeFlow
from service.access.keys import Keys
from service.access.links import Links
from service.access.sessions import Sessions
from service.access.tokens import Tokens
from service.errors import Unauthorized


class Access:
    """The ways that are open.

    Args:
        links: to single studies.
        keys: those that programs have; None if none are taken.
        tokens: those of an OpenID provider; None if none are taken.
        sessions: of people who have signed in; None if nobody does.
        code_flow: how people sign in at the provider; None if they do not.

    Attributes:
        links: to single studies.
        sessions: of people who have signed in; None if nobody does.
        code_flow: how people sign in at the provider; None if they do not.
    """

    def __init__(
        self,
        links: Links,
        keys: Keys | None = None,
        tokens: Tokens | None = None,
        sessions: Sessions | None = None,
        code_flow: CodeFlow | None = None,
    ) -> None:
        self.links = links
        self.sessions = sessions
        self.code_flow = code_flow
        self._keys = keys
        self._tokens = tokens

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who they are."""
        return self._keys is None and self._tokens is None

    @property
    def takes_keys(self) -> bool:
        """Whether there are keys."""
        return self._keys is not None

    async def caller(self, secret: str, *, is_password: bool) -> Caller:
        """Return who has sent this secret.

        Args:
            secret: a key or a token.
            is_password: it came as a password, which no token is.

        Raises:
            Unauthorized: it is neither, or holds no longer.
            Unavailable: it is a token that cannot be judged, as the provider does not answer.
        """
        if self._keys is not None and secret.startswith(keys.PREFIX):
            return await self._keys.caller(secret)
        if not self.is_open and secret.startswith(links.PREFIX):
            return await self.links.caller(secret)
        if self._tokens is not None and not is_password:
            return await self._tokens.caller(secret)
        raise Unauthorized("the password is no key" if is_password else "the token is not known")

    def begin(self) -> None:
        """Learn what is needed, without waiting for it."""
        if self._tokens is not None:
            self._tokens.provider.ask()

    async def close(self) -> None:
        """Close what is open."""
        if self._tokens is not None:
            await self._tokens.provider.close()
