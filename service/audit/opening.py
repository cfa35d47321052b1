"""The audit as the settings want it."""

import os
import socket
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from service.archive.index.engine.database import Database
from service.audit.audit import Audit
from service.audit.sinks import File, Sink, Source, StandardOutput, Syslog
from service.audit_targets import FILE, INDEX, STDOUT, TLS, Target, target_of


class TlsFiles(NamedTuple):
    """Files for connections to a syslog server, in PEM.

    Attributes:
        authorities: who vouches for the server; None for those that the system trusts.
        certificate: of this service, where the server wants to know it.
        key: of the certificate; None if it is in the same file.
    """

    authorities: Path | None = None
    certificate: Path | None = None
    key: Path | None = None


def open_audit(
    index: Database,
    places: Sequence[str],
    name: str,
    tls: TlsFiles,
    quiet_seconds: float,
    keep_days: int | None,
) -> Audit | None:
    """Return the audit; None if it is to go nowhere.

    Args:
        index: that has what events are about, and what waits to be sent.
        places: where events go, as the setting names them.
        name: of the source.
        tls: for syslog servers.
        quiet_seconds: after which many requests for one study are one event.
        keep_days: how long the index keeps events; None for ever.

    Raises:
        OSError: a file of TLS cannot be used.
    """
    targets = [target_of(place) for place in dict.fromkeys(places)]
    if not targets:
        return None
    sinks = [_sink(target, tls) for target in targets if target.kind != INDEX]
    source = Source(name, socket.gethostname(), str(os.getpid()))
    is_kept = any(target.kind == INDEX for target in targets)
    return Audit(index, sinks, source, is_kept=is_kept, quiet_seconds=quiet_seconds, keep_days=keep_days)


def check_places(places: Sequence[str], tls: TlsFiles) -> None:
    """Return if the audit can go to these places, as far as it can be told without them.

    Raises:
        OSError: a file cannot be written, or one of TLS cannot be used.
    """
    for target in map(target_of, places):
        if target.kind == FILE:
            File(target.name).send([])
        elif target.kind == TLS:
            _context(tls)


def _sink(target: Target, tls: TlsFiles) -> Sink:
    match target.kind:
        case kind if kind == FILE:
            return File(target.name)
        case kind if kind == STDOUT:
            return StandardOutput(target.name)
        case kind:
            return Syslog(target.name, target.host, target.port, _context(tls) if kind == TLS else None)


def _context(tls: TlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=tls.authorities)
    if tls.certificate is not None:
        context.load_cert_chain(tls.certificate, tls.key)
    return context
