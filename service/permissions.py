"""What callers may do, and the roles that permit it. The table of roles is here; settings add to it."""

import re
from collections.abc import Iterable, Mapping
from enum import Enum

_NAME = re.compile(r"[\w.@+-][\w.@+ -]{0,99}")


class Permission(Enum):
    """What a route asks for."""

    READ = "read"
    WRITE = "write"
    DELETE = "delete"
    ADMIN = "admin"


Permissions = frozenset[Permission]
Roles = Mapping[str, Permissions]

ROLES: Roles = {
    "reader": frozenset({Permission.READ}),
    "uploader": frozenset({Permission.WRITE}),
    "writer": frozenset({Permission.READ, Permission.WRITE}),
    "deleter": frozenset({Permission.READ, Permission.DELETE}),
    "admin": frozenset(Permission),
}


def parsed_roles(text: str) -> Roles:
    """Return roles of the form `radiologist=read,write; robot=write`.

    Raises:
        ValueError: it has another form, or names a permission that there is not.
    """
    roles: dict[str, Permissions] = {}
    for entry in filter(str.strip, text.split(";")):
        name, equals, words = entry.partition("=")
        if not equals or not name.strip():
            raise ValueError(f"{entry.strip()!r} is no role, expected one as in radiologist=read,write")
        try:
            roles[name.strip()] = frozenset(Permission(word.strip()) for word in words.split(","))
        except ValueError:
            known = ", ".join(permission.value for permission in Permission)
            raise ValueError(f"{words.strip()!r}: permissions are {known}") from None
    return roles


def permitted(roles: Roles, names: Iterable[str]) -> Permissions:
    """Return what these roles permit together; names that are no role permit nothing."""
    return frozenset(permission for name in names for permission in roles.get(name, ()))


def is_name(text: str) -> bool:
    """Tell whether a text can be the name of a key or a tenant."""
    return _NAME.fullmatch(text) is not None
