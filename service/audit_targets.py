"""Where the audit may go, as the setting DICOMWEB_AUDIT writes it."""

import re
from typing import NamedTuple

INDEX, STDOUT, FILE, TLS, UDP = "index", "stdout", "file", "syslog+tls", "syslog+udp"
_PORTS = {TLS: 6514, UDP: 514}  # RFC 5425, RFC 5426
_SYSLOG = re.compile(
    r"(?P<kind>syslog\+(tls|udp))://(?P<host>[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(:(?P<port>[0-9]{1,5}))?/?",
    re.ASCII,
)


class Target(NamedTuple):
    """One place.

    Attributes:
        name: as it was written.
        kind: one of the above.
        host, port: of a syslog server.
    """

    name: str
    kind: str
    host: str = ""
    port: int = 0


def target_of(text: str) -> Target:
    """Return the place that a text names.

    Raises:
        ValueError: it names none.
    """
    if text == INDEX:
        return Target(text, INDEX)
    if text in ("-", STDOUT):
        return Target(text, STDOUT)
    if "://" not in text:
        return Target(text, FILE)
    match = _SYSLOG.fullmatch(text)
    port = int(match["port"] or _PORTS[match["kind"]]) if match else 0
    if match is None or not 0 < port < 2**16:
        raise ValueError(
            f"{text} is no place for the audit: expected a path, -, index, "
            "syslog+tls://host:port or syslog+udp://host:port"
        )
    return Target(text, match["kind"], match["host"].strip("[]"), port)
