"""DIMSE in this process: alone, or beside the web server."""

import asyncio
import signal
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

import anyio.to_thread

from service.archive import Archive
from service.audit.audit import Audit
from service.metrics import Metrics
from service.parts import audit_of, decoder_of
from service.server.tuning import tune
from service.settings import Settings, roles_of
from service.web.state import Service

if TYPE_CHECKING:  # to import pynetdicom takes long, so that only who serves DIMSE does
    from service.dimse.network.destination import Calling
    from service.dimse.network.peers import Peers
    from service.dimse.node import Node
    from service.dimse.outgoing.sendings import Sendings

_BACKLOG = 256


def listener(settings: Settings) -> socket.socket:
    """Return a socket that listens, and say where.

    Raises:
        OSError: the address is in use, or not ours.
    """
    host = settings.dimse_host or settings.host
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.create_server((host, settings.dimse_port), family=family, backlog=_BACKLOG)
    print(f"DIMSE at {settings.dimse_ae_title}@{host}:{listening.getsockname()[1]}", flush=True)
    return listening


def serve(settings: Settings, archive: Archive, listening: socket.socket) -> None:
    """Serve DIMSE until the process is told to end, and close the archive.

    Args:
        settings: read once.
        archive: open.
        listening: where associations come in; other processes may have it too.

    Raises:
        OSError, ValueError: the file of peers cannot be read or understood.
    """
    tune()
    asyncio.run(_serve(settings, archive, listening))


def begin(settings: Settings, archive: Archive, service: Service) -> "Node":
    """Serve DIMSE beside the web server.

    Raises:
        OSError: the port is in use.
        ValueError: the file of peers cannot be understood.
    """
    node = _node(settings, archive, service.audit, service.metrics)
    node.begin(listener(settings))
    return node


def peers_of(settings: Settings) -> "Peers | None":
    """Return who is known; None if nobody is asked who they are.

    Raises:
        ValueError: the file cannot be understood.
        OSError: it cannot be read.
    """
    from service.dimse.network.peers import parsed_peers  # noqa: PLC0415

    if settings.dimse_peers is None:
        return None
    try:
        return parsed_peers(settings.dimse_peers.read_text(), roles_of(settings))
    except ValueError as error:
        raise ValueError(f"DICOMWEB_DIMSE_PEERS: {error}") from error


def calling_of(settings: Settings) -> "Calling":
    """Return how peers are called."""
    from service.dimse.network.destination import Calling  # noqa: PLC0415

    tls = _tls(ssl.Purpose.SERVER_AUTH, settings)
    return Calling(settings.dimse_ae_title, settings.dimse_seconds, tls)


@contextmanager
def sendings_of(settings: Settings, archive: Archive) -> Iterator["Sendings"]:
    """Lend what sends studies to peers, without serving."""
    from service.dimse.outgoing.sending import Sender  # noqa: PLC0415
    from service.dimse.outgoing.sendings import Sendings  # noqa: PLC0415
    from service.dimse.outgoing.transcoding import Transcoding  # noqa: PLC0415

    transcoding = Transcoding(archive, partial(decoder_of, settings, archive.blobs))
    peers = peers_of(settings)
    try:
        sender = Sender(archive, transcoding, calling_of(settings))
        yield Sendings(archive.index, sender, peers.named if peers else lambda _: None)
    finally:
        transcoding.close()


async def _serve(settings: Settings, archive: Archive, listening: socket.socket) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    audit = audit_of(settings, archive.index)
    node = _node(settings, archive, audit, Metrics() if settings.metrics == "on" else None)
    node.begin(listening)
    if audit:
        await audit.begin()
    await ending.wait()
    await anyio.to_thread.run_sync(node.end, settings.stop_seconds)
    if audit:
        await audit.close()
    archive.close()


def _node(settings: Settings, archive: Archive, audit: Audit | None, metrics: Metrics | None) -> "Node":
    from service.dimse.node import Node, Options  # noqa: PLC0415

    options = Options(
        settings.dimse_ae_title,
        settings.dimse_max_associations,
        settings.dimse_max_pdu_bytes,
        settings.max_instance_bytes,
        settings.dimse_seconds,
        settings.dimse_max_results,
        _tls(ssl.Purpose.CLIENT_AUTH, settings),
    )
    make_decoder = partial(decoder_of, settings, archive.blobs)
    return Node(archive, options, peers_of(settings), audit, metrics, calling_of(settings), make_decoder)


def _tls(purpose: ssl.Purpose, settings: Settings) -> ssl.SSLContext | None:
    """Return how connections are encrypted, None for not: PS3.15 B.12.

    With authorities of our own, peers need a certificate of theirs, whoever calls. Names in certificates
    are compared with the host where anybody may have one, as with the system's authorities.
    """
    authorities = settings.dimse_tls_ca
    context = ssl.create_default_context(purpose, cafile=str(authorities) if authorities else None)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if authorities is not None:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_REQUIRED
    if settings.dimse_tls_certificate is None:
        return None if purpose is ssl.Purpose.CLIENT_AUTH else context
    context.load_cert_chain(settings.dimse_tls_certificate, settings.dimse_tls_key)
    return context
