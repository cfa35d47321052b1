"""The names under which this server answers.

A page of a stranger can let its own name lead to this machine (DNS rebinding): for the browser, this service
is then a part of that page. The name that the page was loaded under still stands in `Host`. An address does
not need to be looked up, so that it leads nowhere else.
"""

import re
import socket
from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from service.errors import MisdirectedRequest, shorten

ANY = "*"

_LOCAL = "localhost"
_WORD = re.compile(r"[a-z0-9._-]+")


class Hosts:
    """The names that requests may bear.

    Attributes:
        names: besides addresses and those of this machine, in lower case; `*` for any.
        is_strict: other names are answered nowhere; else only where a connection comes from this machine.
    """

    def __init__(self, allowed: Iterable[str], public_url: str | None) -> None:
        given = [name.lower().rstrip(".") for name in allowed]
        public = urlsplit(public_url).hostname if public_url else None
        self.is_strict = bool(given)
        self.names = frozenset((*given, *_names_of_this_machine(), *([public] if public else [])))

    def check(self, scope: Mapping[str, Any]) -> None:
        """Return if a request may be answered.

        Args:
            scope: the ASGI scope of the request.

        Raises:
            MisdirectedRequest: it names a host that is none of ours.
        """
        server, _ = scope.get("server") or ("", None)
        if not (self.is_strict or _is_loopback(server)) or ANY in self.names:
            return
        for name, value in scope["headers"]:
            if name == b"host" and not self._is_ours(value.decode("latin-1")):
                raise MisdirectedRequest(
                    f"{_shown(value.decode('latin-1'))} is no name of this server: "
                    "DICOMWEB_ALLOWED_HOSTS or DICOMWEB_PUBLIC_URL can name it"
                )

    def _is_ours(self, host: str) -> bool:
        name = _name(host)
        return not host or name in self.names or name.endswith(f".{_LOCAL}") or _is_address(name)


def _names_of_this_machine() -> set[str]:
    name = socket.gethostname().lower()
    return {_LOCAL, name, name.partition(".")[0], f"{name.partition('.')[0]}.local"} - {""}


def _shown(host: str) -> str:
    name = _name(host)
    return shorten(name) if _WORD.fullmatch(name) else "what Host says"


@lru_cache(maxsize=256)
def _name(host: str) -> str:
    """Return a Host field without its port, and without what says the same: capitals, a dot at the end."""
    name, bracket, _ = host.strip().lower().partition("]")
    return name.removeprefix("[") if bracket else name.partition(":")[0].rstrip(".")


@lru_cache(maxsize=256)
def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=256)
def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:  # the name of a local socket
        return False
