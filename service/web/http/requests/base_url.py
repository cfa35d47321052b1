"""The base URL that absolute URLs in answers begin with.

The setting comes first, then what a trusted proxy says (RFC 7239 `Forwarded`, else `X-Forwarded-*`), then
the connection. Several clients send `Host` without the port, so the server's own port is put back there,
unless `Origin` or `Referer` name none either, or the client is a browser, which is exact. Whatever comes from
a request is used only when it has the form of a host, so nothing else gets into an answer.
"""

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

from service.web.http.requests import header_fields

DEFAULT_PORTS = {"http": 80, "https": 443}
MAX_FIELD_BYTES = 1024  # longer fields are not looked at

_FIELDS = frozenset(
    [
        b"host",
        b"forwarded",
        b"x-forwarded-proto",
        b"x-forwarded-host",
        b"x-forwarded-port",
        b"x-forwarded-prefix",
    ]
)
_FIELDS_OF_BROWSERS = frozenset([b"origin", b"referer", b"sec-fetch-site"])
_HOST = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]{0,252}|\[[0-9A-Fa-f:.]{2,45}\])(:[0-9]{1,5})?")
_PATH_PREFIX = re.compile(r"(/[A-Za-z0-9._~-]+){1,20}/?")
_PORT = re.compile(r"[0-9]{1,5}")

Server = tuple[str, int | None]


def base_url(
    scope: Mapping[str, Any], root: str, public_url: str | None, trusted_proxies: frozenset[str]
) -> str:
    """Return the base URL of this service for the client of this request, without a slash at its end.

    Args:
        scope: the ASGI scope of the request.
        root: path of the service, as in `/dicom-web`.
        public_url: the whole base URL by setting; it wins.
        trusted_proxies: addresses, networks (10.0.0.0/8), or `*`, whose forwarding fields are believed.
    """
    if public_url:
        return public_url.rstrip("/")
    client, _ = scope.get("client") or ("", 0)
    server, port = scope.get("server") or ("localhost", None)
    fields = tuple(
        (name, value) for name, value in scope["headers"] if name in _FIELDS and len(value) <= MAX_FIELD_BYTES
    )
    port = None if _is_without_port(scope["headers"]) else port
    return _origin(scope["scheme"], (server, port), fields, is_trusted(client, trusted_proxies)) + root


def _is_without_port(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether the client says, besides in `Host`, that the URL it asked for names no port."""
    fields = {name: value for name, value in headers if name in _FIELDS_OF_BROWSERS or name == b"host"}
    host = fields.pop(b"host", b"").strip()
    pages = (
        fields.get(name, b"").partition(b"://")[2].partition(b"/")[0] for name in (b"origin", b"referer")
    )
    return bool(host) and (b"sec-fetch-site" in fields or host in pages)


@lru_cache(maxsize=1024)
def is_trusted(address: str, proxies: frozenset[str]) -> bool:
    """Tell whether a connection from this address comes from one of the proxies."""
    return "*" in proxies or any(_covers(proxy, address) for proxy in proxies)


def _covers(proxy: str, address: str) -> bool:
    try:
        ip = ip_address(address)
        if isinstance(ip, IPv6Address) and ip.ipv4_mapped:
            ip = ip.ipv4_mapped
        return ip in ip_network(proxy, strict=False)
    except ValueError:  # a name, as some servers give for a local socket
        return proxy == address


@lru_cache(maxsize=256)
def _origin(scheme: str, server: Server, fields: tuple[tuple[bytes, bytes], ...], trusted: bool) -> str:
    headers = {name.decode(): value.decode("latin-1").strip() for name, value in reversed(fields)}
    forwarded = _forwarded(headers) if trusted else {}
    proto = forwarded.get("proto", "").lower()
    scheme = proto if proto in DEFAULT_PORTS else scheme
    hosts = (forwarded.get("host", ""), headers.get("host", ""))
    host = next(filter(_HOST.fullmatch, hosts), _address(server))
    port = forwarded.get("port", "") if forwarded else str(server[1] or "")
    prefix = forwarded.get("prefix", "")
    path = prefix.rstrip("/") if _PATH_PREFIX.fullmatch(prefix) else ""
    return f"{scheme}://{_with_port(host, port, scheme)}{path}"


def _forwarded(headers: Mapping[str, str]) -> dict[str, str]:
    """Return proto, host, port and prefix as the proxy nearest to the client saw them."""
    elements = header_fields.split(headers.get("forwarded", ""), ",")
    if elements:
        return dict(header_fields.parameters(header_fields.split(elements[0], ";")))
    names = ("proto", "host", "port", "prefix")
    lists = {name: header_fields.split(headers.get(f"x-forwarded-{name}", ""), ",") for name in names}
    return {name: values[0] for name, values in lists.items() if values}


def _address(server: Server) -> str:
    host = f"[{server[0]}]" if ":" in server[0] else server[0]
    return host if _HOST.fullmatch(host) else "localhost"


def _with_port(host: str, port: str, scheme: str) -> str:
    """Return a host with the port put back that it may lack."""
    has_port = re.search(r":[0-9]+$", host)
    is_needed = _PORT.fullmatch(port) and int(port) != DEFAULT_PORTS.get(scheme)
    return f"{host}:{port}" if is_needed and not has_port else host
