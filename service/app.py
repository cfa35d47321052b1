"""The composition root: middleware, error answers, and the application made of settings."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from service.access_log import AccessLog
from service.archive import Archive
from service.archive.files.objects.object_blobs import ObjectBlobs
from service.archive.index.engine.database import Database
from service.archive.sizes import ArchiveSizes
from service.archive.tasks.filing import file_regularly
from service.archive.tasks.orphans import remove_orphans_regularly
from service.cache import Cache
from service.dicom.query.filed import filed_attributes
from service.dimse.network.peers import parsed_peers
from service.errors import DicomwebError
from service.feed.allowed_hosts import AllowedHosts
from service.feed.delivery import Deliveries
from service.feed.feed import Feed
from service.imaging.display.pictures import Pictures
from service.imaging.numbers.plans import Plans
from service.memory import give_memory_back
from service.metrics import Metrics
from service.ohif import OhifFiles
from service.parts import access_of, audit_of, decoder_of
from service.pixels.workers.pool import PixelWorkers
from service.routes import HEALTH, PAGES, ROUTES, VIEWER, WADO_URI
from service.settings import Settings, roles_of
from service.tables.kept_tables import KeptTables
from service.web.error_answers import answer_error, answer_http_error
from service.web.http.middleware.gateway import Gateway
from service.web.http.middleware.hosts import Hosts
from service.web.http.middleware.measured import Measured
from service.web.http.middleware.protection import Protected
from service.web.state import Service, StoreLimits

_PICTURE_CACHE_BYTES = 40 * 2**20
_METADATA_CACHE_BYTES = 16 * 2**20
_FORM_CACHE_BYTES = 2**22
_PLAN_CACHE_BYTES = 2**25
_MASK_CACHE_BYTES = 2**25

_CORS_METHODS = ("GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS")
_CORS_REQUEST_HEADERS = (
    "Accept", "Authorization", "Cache-Control", "Content-Type", "If-None-Match", "Range", "X-Requested-With",
)  # fmt: skip
_CORS_RESPONSE_HEADERS = (
    "Accept-Ranges", "Content-Disposition", "Content-Length", "Content-Location", "Content-Range",
    "Content-Type", "ETag", "Link", "Location", "Warning", "X-Volume-Affine", "X-Volume-Along",
    "X-Volume-Made", "X-Volume-Photometric-Interpretation", "X-Volume-Regular", "X-Volume-Shape",
    "X-Volume-Spacing",
)  # fmt: skip


def create_app(settings: Settings, archive: Archive) -> Starlette:
    """Return the application that serves this archive.

    Args:
        settings: read once.
        archive: open; it is closed when the application stops.
    """
    service, often = _service(settings, archive), filed_attributes(settings.index)
    log = AccessLog() if settings.access_log == "json" else None

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        memory = asyncio.create_task(give_memory_back())
        orphans = asyncio.create_task(remove_orphans_regularly(archive))
        filing = asyncio.create_task(file_regularly(archive, often))
        service.access.begin()
        if service.audit:
            await service.audit.begin()
        service.feed.begin()
        yield
        await _ended(memory, orphans, filing)
        await service.feed.close()
        if log:
            log.close()
        if service.audit:
            await service.audit.close()
        await service.access.close()
        service.decoder.close()
        archive.close()

    app = Starlette(
        routes=[*_routes_under(settings.root, ROUTES), WADO_URI, *HEALTH, *PAGES, *VIEWER],
        middleware=[*_measuring(service.metrics, log), *_middleware(settings)],
        exception_handlers={DicomwebError: answer_error, HTTPException: answer_http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False
    app.state.service = service
    return app


async def _ended(*tasks: asyncio.Task[None]) -> None:
    """End what goes on beside requests."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _destinations(settings: Settings) -> frozenset[str]:
    """Return the names of peers to which studies can be sent.

    Raises:
        ValueError: the file that names them has another form.
    """
    if settings.dimse_peers is None:
        return frozenset()
    peers = parsed_peers(settings.dimse_peers.read_text(), roles_of(settings))
    return frozenset(peer.name for peer in peers if peer.host)


def _service(settings: Settings, archive: Archive) -> Service:
    decoder = decoder_of(settings, archive.blobs)
    feed = _feed(settings, archive.index)
    return Service(
        metrics=_metrics(settings, archive, feed, decoder.workers),
        sizes=ArchiveSizes(archive.index),
        metrics_token=settings.metrics_token,
        destinations=_destinations(settings),
        access=access_of(settings, archive),
        archive=archive,
        feed=feed,
        webhook_hosts=AllowedHosts(settings.webhook_hosts),
        decoder=decoder,
        pictures=Pictures(archive, decoder, _PICTURE_CACHE_BYTES),
        metadata=Cache(_METADATA_CACHE_BYTES),
        forms=Cache(_FORM_CACHE_BYTES),
        plans=Plans(_PLAN_CACHE_BYTES),
        tables=KeptTables(),
        masks=Cache(_MASK_CACHE_BYTES),
        sop_classes=Cache(_FORM_CACHE_BYTES),
        ohif=OhifFiles(settings.viewer),
        viewer_frames=("'self'", *settings.cors_origins),
        routes=ROUTES,
        root=settings.root,
        max_results=settings.max_results,
        store_limits=StoreLimits(settings.max_instance_bytes, settings.max_request_bytes, settings.max_parts),
        trusted_proxies=frozenset(settings.trusted_proxies),
        audit=audit_of(settings, archive.index),
    )


def _measuring(metrics: Metrics | None, log: AccessLog | None) -> list[Middleware]:
    """Return what measures requests, if anybody wants to know."""
    return [Middleware(Measured, metrics, log)] if metrics or log else []


def _metrics(settings: Settings, archive: Archive, feed: Feed, workers: PixelWorkers) -> Metrics | None:
    """Return what counts, told of everything; None where nothing is to be counted."""
    if settings.metrics == "off":
        return None
    metrics = Metrics()
    archive.index.on_wait, archive.index.on_hold = metrics.waited, metrics.held
    workers.on_work, workers.on_end = metrics.busy.inc, metrics.ended.inc
    feed.on_listen = metrics.streams.inc
    if isinstance(archive.blobs, ObjectBlobs):
        archive.blobs.measure(metrics.called, metrics.looked)
    return metrics


def _feed(settings: Settings, index: Database) -> Feed:
    source = str(settings.public_url) if settings.public_url else settings.root
    deliveries = Deliveries(index, AllowedHosts(settings.webhook_hosts), source)
    return Feed(index, settings.quiet_seconds, settings.feed_days, deliveries)


def _routes_under(root: str, routes: Sequence[Route]) -> list[Route]:
    """Return the routes below the service's root; the root itself also without its slash."""
    prefixed = [Route(root + route.path, route.endpoint, methods=route.methods) for route in routes]
    bases = [Route(root, route.endpoint, methods=route.methods) for route in routes if route.path == "/"]
    return [*prefixed, *bases]


def _middleware(settings: Settings) -> list[Middleware]:
    public_url = str(settings.public_url) if settings.public_url else None
    hosts = Hosts(settings.allowed_hosts, public_url)
    gateway = Middleware(Gateway, settings.root, public_url, frozenset(settings.trusted_proxies), hosts)
    protected = Middleware(Protected, is_embeddable=bool(settings.cors_origins))
    if not settings.cors_origins:
        return [protected, gateway]
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=_CORS_METHODS,
        allow_headers=_CORS_REQUEST_HEADERS,
        expose_headers=_CORS_RESPONSE_HEADERS,
        max_age=86400,
    )
    return [protected, cors, gateway]
