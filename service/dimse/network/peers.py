"""Who else there is in the network: a table in a file, one part for each application entity."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any

from service.permissions import Permission, Permissions, Roles, is_name, permitted

_KEYS = frozenset({"ae_title", "addresses", "host", "port", "roles", "tenant", "tenants", "tls"})
_ANY = "*"


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity that is known.

    Attributes:
        name: what people call it here.
        ae_title: what it calls itself; `*` for any title.
        networks: from where it may come; none for anywhere.
        host: where it listens; empty if nothing can be sent to it.
        port: likewise.
        permissions: what it may do here.
        tenants: whose studies are there for it; None for those of all.
        tenant: whose the studies are that it brings; None for nobody's.
        uses_tls: whether it is called by TLS.
    """

    name: str
    ae_title: str
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    host: str = ""
    port: int = 104
    permissions: Permissions = frozenset(Permission)
    tenants: frozenset[str] | None = None
    tenant: str | None = None
    uses_tls: bool = False

    def is_caller(self, calling: str, address: str) -> bool:
        """Tell whether it can be this one that calls itself so, and comes from there."""
        if self.ae_title not in (calling, _ANY):
            return False
        return not self.networks or any(ip_address(address) in network for network in self.networks)


ANYBODY = Peer("", _ANY)
"""Whoever calls where nobody is asked who they are."""


class Peers:
    """All that are known.

    Args:
        peers: in the order in which they are looked through.
    """

    def __init__(self, peers: Iterable[Peer]) -> None:
        self._peers = tuple(peers)

    def __iter__(self) -> Any:
        return iter(self._peers)

    def caller(self, calling: str, address: str) -> Peer | None:
        """Return who calls; None for somebody who is not known."""
        callers = (peer for peer in self._peers if peer.is_caller(calling, address))
        return next(callers, None)

    def named(self, name: str) -> Peer | None:
        """Return the one of this name to which something can be sent."""
        return next((peer for peer in self._peers if peer.name == name and peer.host), None)

    def destination(self, ae_title: str) -> Peer | None:
        """Return the one of this AE title to which something can be sent: a Move Destination."""
        return next((peer for peer in self._peers if peer.ae_title == ae_title and peer.host), None)


def parsed_peers(text: str, roles: Roles) -> Peers:
    """Return the peers that a file names.

    Args:
        text: of the file, as TOML.
        roles: that there are.

    Raises:
        ValueError: the file has another form, or what it says cannot be.
    """
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"the file is no TOML: {error}") from error
    return Peers(_peer(name, table, roles) for name, table in tables.items())


def _peer(name: str, table: Any, roles: Roles) -> Peer:
    if not isinstance(table, Mapping):
        raise ValueError(f"{name} stands outside of a [part], expected parts as in [CT1]")
    if unknown := sorted(set(table) - _KEYS):
        raise ValueError(f"[{name}] {unknown[0]}: not known, expected some of {', '.join(sorted(_KEYS))}")
    try:
        return Peer(
            name,
            _ae_title(table.get("ae_title", name)),
            tuple(ip_network(text, strict=False) for text in _texts(table, "addresses", [])),
            str(table.get("host", "")),
            _port(table.get("port", 104)),
            _permissions(_texts(table, "roles", []), roles),
            _tenants(table),
            _tenant(table.get("tenant")),
            _switch(table.get("tls", False)),
        )
    except ValueError as error:
        raise ValueError(f"[{name}] {error}") from error


def _texts(table: Mapping[str, Any], key: str, default: list[str]) -> list[str]:
    values = table.get(key, default)
    if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
        raise ValueError(f'{key} is no list of texts, as in {key} = ["…"]')
    return values


def _ae_title(value: object) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 16 or not value.isascii() or "\\" in value:
        raise ValueError("ae_title has to be 1 to 16 characters of ASCII, without a backslash (PS3.5 6.2)")
    return value.strip()


def _port(value: object) -> int:
    if not isinstance(value, int) or value not in range(1, 65536):
        raise ValueError("port has to be a number from 1 to 65535")
    return value


def _permissions(names: list[str], roles: Roles) -> Permissions:
    if unknown := sorted(set(names) - set(roles)):
        raise ValueError(f"roles: {unknown[0]} is none, expected some of {', '.join(sorted(roles))}")
    return permitted(roles, names)


def _tenants(table: Mapping[str, Any]) -> frozenset[str] | None:
    names = _texts(table, "tenants", [])
    tenant = _tenant(table.get("tenant"))
    if not all(map(is_name, names)):
        raise ValueError("tenants: one of them is no name")
    if not names and tenant is None:
        return None
    return frozenset(names) | ({tenant} if tenant else frozenset())


def _tenant(value: object) -> str | None:
    if value is not None and not (isinstance(value, str) and is_name(value)):
        raise ValueError("tenant is no name")
    return value


def _switch(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("tls has to be true or false")
    return value
