"""What the claims of a token say of who asks: name, roles, tenants. Where they stand is a setting."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from service.access.caller import Caller, Means
from service.permissions import Roles, is_name, permitted
from service.scope import EVERYTHING, Scope

Claims = Mapping[str, Any]

_NAMES = ("email", "client_id", "azp", "sub")  # that stand for one that is not there
_MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Identity:
    """Who somebody is.

    Attributes:
        subject: what the provider calls nobody else.
        name: for people, and for the audit.
        roles: names of the roles that they have.
        tenants: whose studies they see; None for all.
    """

    subject: str
    name: str
    roles: tuple[str, ...]
    tenants: tuple[str, ...] | None

    def caller(self, means: Means, roles: Roles, expires: float | None) -> Caller:
        """Return who asks."""
        scope = EVERYTHING if self.tenants is None else Scope(frozenset(self.tenants))
        tenant = self.tenants[0] if self.tenants and len(self.tenants) == 1 else None
        return Caller(
            self.name, means, permitted(roles, self.roles), scope, tenant, expires, f"person {self.subject}"
        )


@dataclass(frozen=True, slots=True)
class Places:
    """Where claims stand, as paths with dots: `realm_access.roles`.

    Attributes:
        roles: of the names of roles, a list or a text with blanks.
        tenants: of the names of tenants, a list or a text; None if all see everything.
        name: of a name for people.
    """

    roles: Sequence[str]
    tenants: str | None
    name: str

    def are_in(self, claims: Claims) -> bool:
        """Tell whether claims have all that can stand in them."""
        return all(
            _value_at(claims, path) is not None for path in (*self.roles, *filter(None, [self.tenants]))
        )

    def identity(self, claims: Claims) -> Identity:
        """Return who somebody is by these claims."""
        names = (name for path in (self.name, *_NAMES) for name in _texts(_value_at(claims, path)))
        verified = claims.get("email_verified", True)
        is_doubtful = verified not in (True, "true")  # anybody can have said that it is theirs
        values = [_value_at(claims, path) for path in self.roles if not (is_doubtful and path == "email")]
        roles = (
            role for value in values for role in (value.split() if isinstance(value, str) else _texts(value))
        )
        tenants = None if self.tenants is None else filter(is_name, _texts(_value_at(claims, self.tenants)))
        name = next(names, "somebody")
        return Identity(
            next(iter(_texts(claims.get("sub"))), name),
            name,
            tuple(_unique(roles)),
            None if tenants is None else tuple(_unique(tenants)),
        )


def _value_at(claims: Claims, path: str) -> Any:
    """Return the value at a path; a name may have dots itself, as that of a URL has."""
    if path in claims:
        return claims[path]
    for index, character in enumerate(path):
        inner = claims.get(path[:index]) if character == "." else None
        if isinstance(inner, dict) and (value := _value_at(inner, path[index + 1 :])) is not None:
            return value
    return None


def _texts(value: Any) -> list[str]:
    """Return the texts of a claim that can be names."""
    values = value if isinstance(value, list) else [value]
    return [
        text
        for text in values
        if isinstance(text, str) and 0 < len(text) <= _MAX_LENGTH and text.isprintable()
    ]


def _unique(texts: Iterable[str]) -> Iterable[str]:
    return dict.fromkeys(texts)
