"""Whom webhooks may call: the hosts that the operator has named, and nobody else."""

from collections.abc import Iterable

import httpx

from service.errors import BadRequest, shorten

SETTING = "DICOMWEB_WEBHOOK_HOSTS"

_PORTS = {"http": 80, "https": 443}


class AllowedHosts:
    """The origins that may be called.

    Args:
        entries: a host, with a port or without, over https; or an origin with its scheme, as http has to be.
    """

    def __init__(self, entries: Iterable[str]) -> None:
        urls = (httpx.URL(entry if "://" in entry else f"https://{entry}") for entry in entries)
        self._origins = frozenset(map(_origin, urls))

    def __bool__(self) -> bool:
        return bool(self._origins)

    def check(self, url: str) -> None:
        """Return if a URL may be called.

        Raises:
            BadRequest: it is none, has a password in it, or is of a host that is not named.
        """
        try:
            parsed = httpx.URL(url)
        except httpx.InvalidURL as error:
            raise BadRequest("the address of a webhook is no URL") from error
        if parsed.scheme not in _PORTS or not parsed.host or parsed.userinfo or parsed.fragment:
            raise BadRequest("expected an address as in https://host/path, without a user and a fragment")
        if _origin(parsed) not in self._origins:
            raise BadRequest(f"{SETTING} does not name {parsed.scheme}://{shorten(parsed.netloc.decode())}")


def _origin(url: httpx.URL) -> tuple[str, str, int | None]:
    return url.scheme, url.host.lower().rstrip("."), url.port or _PORTS.get(url.scheme)
