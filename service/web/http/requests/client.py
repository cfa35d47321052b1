"""Who is at the other end: the address of the client, behind proxies that are trusted."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any

from service.web.http.requests import header_fields
from service.web.http.requests.base_url import MAX_FIELD_BYTES, is_trusted

_FORWARDED, _FORWARDED_FOR = b"forwarded", b"x-forwarded-for"
_FIELDS = (_FORWARDED, _FORWARDED_FOR)


def client_address(scope: Mapping[str, Any], trusted_proxies: frozenset[str]) -> str:
    """Return the address of the client, without its port; empty where the server does not know it.

    What a proxy says it was asked by is believed where the proxy itself is trusted, one after the other from
    the nearest: whatever the client wrote into these fields itself stands beyond the last of them.
    """
    client, _ = scope.get("client") or ("", 0)
    fields = tuple(
        (name, value) for name, value in scope["headers"] if name in _FIELDS and len(value) <= MAX_FIELD_BYTES
    )
    return _address(client, fields, trusted_proxies) if fields else str(client)


@lru_cache(maxsize=1024)
def _address(client: str, fields: tuple[tuple[bytes, bytes], ...], proxies: frozenset[str]) -> str:
    """Return the nearest address that is of no trusted proxy."""
    address = client
    for hop in reversed(list(_hops(fields))):
        if not is_trusted(address, proxies):
            break
        next_address = _parsed(hop)
        if not next_address:
            break
        address = next_address
    return address


def _hops(fields: Iterable[tuple[bytes, bytes]]) -> Iterable[str]:
    """Yield the addresses that proxies were asked from, the nearest last: RFC 7239, else X-Forwarded-For."""
    elements = [element for name, value in fields if name == _FORWARDED for element in _elements(value)]
    if elements:
        for element in elements:
            yield dict(header_fields.parameters(header_fields.split(element, ";"))).get("for", "")
        return
    for name, value in fields:
        if name == _FORWARDED_FOR:
            yield from _elements(value)


def _elements(value: bytes) -> list[str]:
    return header_fields.split(value.decode("latin-1"), ",")


def _parsed(hop: str) -> str:
    """Return the address of `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1` or `[2001:db8::1]:4711`."""
    host = hop[1:].partition("]")[0] if hop.startswith("[") else hop
    host = host.partition(":")[0] if host.count(":") == 1 else host
    try:
        return str(ip_address(host))
    except ValueError:
        return ""
