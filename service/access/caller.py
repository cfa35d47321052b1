"""Who asks, and what they may do."""

from dataclasses import dataclass
from enum import Enum

from service.permissions import Permission, Permissions
from service.scope import EVERYTHING, Scope


class Means(Enum):
    """By what callers are known."""

    NOTHING = "nothing"
    KEY = "key"
    TOKEN = "token"  # noqa: S105 (no password)
    SESSION = "session"
    LINK = "link"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks.

    Attributes:
        name: of a key, or of a person as the provider has it; for people, and for the audit.
        means: by what they are known.
        permissions: what they may do within their scope.
        scope: the studies that are there for them.
        tenant: whose the studies are that they store; None for nobody's.
        expires: seconds since 1970; None if nothing ends.
        subject: what nobody else is called; names may be alike.
    """

    name: str
    means: Means
    permissions: Permissions
    scope: Scope
    tenant: str | None = None
    expires: float | None = None
    subject: str = ""

    def may(self, permission: Permission) -> bool:
        """Tell whether they may do what needs this permission."""
        return permission in self.permissions


EVERYBODY = Caller("", Means.NOTHING, frozenset(Permission), EVERYTHING)
"""Whoever asks a service without access control."""
