"""The composition root: middleware, error answers, and the application made of settings."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from service.access.access import Access
from service.access.claims import Places
from service.access.code_flow import Client, CodeFlow
from service.access.keys import Keys
from service.access.links import Links
from service.access.provider import Provider
from service.access.requests import Requests
from service.access.seal import Seal, kept_secret
from service.access.sessions import Sessions
from service.access.tokens import Rules, Tokens
from service.access_log import AccessLog
from service.archive import Archive
from service.archive.files import rights
from service.archive.files.blobs import Blobs
from service.archive.files.objects.object_blobs import ObjectBlobs
from service.archive.files.opening import open_blobs
from service.archive.filing import file_regularly
from service.archive.index.engine.database import Database
from service.archive.orphans import remove_orphans_regularly
from service.archive.sizes import ArchiveSizes
from service.audit.audit import Audit
from service.audit.opening import TlsFiles, open_audit
from service.cache import Cache
from service.dicom.query.filed import filed_attributes
from service.dimse.network.peers import parsed_peers
from service.errors import DicomwebError, MisdirectedRequest
from service.feed.allowed_hosts import AllowedHosts
from service.feed.delivery import Deliveries
from service.feed.feed import Feed
from service.imaging.decoder import Decoder
from service.imaging.display.pictures import Pictures
from service.imaging.numbers.plans import Plans
from service.memory import give_memory_back
from service.metrics import Metrics
from service.ohif import OhifFiles
from service.pixels.workers.pool import PixelWorkers
from service.routes import HEALTH, PAGES, ROUTES, VIEWER, WADO_URI
from service.settings import KEYS, NO_ACCESS_CONTROL, OIDC, Settings, blobs_url, roles_of
from service.tables.kept_tables import KeptTables
from service.threads import Threads
from service.troubles import is_trouble, trouble
from service.web.http.answers.resource import WatchedSend
from service.web.http.answers.responses import error_response
from service.web.http.middleware.hosts import Hosts
from service.web.http.middleware.measured import Measured
from service.web.http.middleware.protection import Protected
from service.web.http.requests.base_url import base_url
from service.web.http.requests.paths import resource_path
from service.web.pages.missing import answer_unknown_address
from service.web.state import Service, StoreLimits

_PICTURE_CACHE_BYTES = 40 * 2**20
_CODEC_FACTOR = 8  # OpenJPEG has four bytes for each of a frame, and a result besides
_METADATA_CACHE_BYTES = 16 * 2**20
_FORM_CACHE_BYTES = 2**22
_PLAN_CACHE_BYTES = 2**25
_MASK_CACHE_BYTES = 2**25

_log = logging.getLogger(__name__)


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
        exception_handlers={DicomwebError: _answer_error, HTTPException: _answer_http_error},
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


def decoder_of(settings: Settings, blobs: Blobs) -> Decoder:
    """Return how frames are decoded, for one event loop."""
    return Decoder(
        blobs,
        PixelWorkers(
            settings.codec_processes, settings.codec_seconds, 2**30 + _CODEC_FACTOR * settings.max_frame_bytes
        ),
        Threads(settings.render_threads),
        settings.pixel_cache_bytes,
        settings.max_frame_bytes,
    )


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
        access=_access(settings, archive),
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


def blobs_of(settings: Settings) -> Blobs:
    """Return the stored files.

    Raises:
        DicomwebError: the object store cannot be used, or what it takes is not installed.
        OSError: the folder cannot be made.
    """
    return open_blobs(settings.data, settings.blobs, settings.cache_bytes)


def copied_to(settings: Settings, place: str) -> Blobs:
    """Return where files are to be copied to: a folder, or an object store.

    Raises:
        DicomwebError: it cannot be used.
        OSError: the folder cannot be made.
    """
    if "://" in place:
        return open_blobs(settings.data, blobs_url(place))
    rights.open_folder(Path(place))
    return open_blobs(Path(place))


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


def audit_of(settings: Settings, index: Database) -> Audit | None:
    """Return the audit; None if there is to be none.

    Raises:
        OSError: a file of TLS cannot be used.
    """
    return open_audit(
        index,
        settings.audit,
        settings.audit_source,
        tls_files_of(settings),
        settings.audit_seconds,
        settings.audit_keep_days,
    )


def tls_files_of(settings: Settings) -> TlsFiles:
    """Return the files for connections to a syslog server."""
    return TlsFiles(settings.audit_tls_ca, settings.audit_tls_certificate, settings.audit_tls_key)


def _access(settings: Settings, archive: Archive) -> Access:
    """Return how callers are known."""
    ways, roles, links = settings.auth or [NO_ACCESS_CONTROL], roles_of(settings), Links(archive.index)
    if ways == [NO_ACCESS_CONTROL]:
        return Access(links)
    keys = Keys(archive.index, roles) if KEYS in ways else None
    tokens = _tokens(settings) if OIDC in ways else None
    seal = Seal(settings.cookie_secrets or [kept_secret(settings.data)])
    people = tokens if settings.oidc_client_id else None
    sessions = Sessions(
        seal, roles, settings.session_seconds, keys, people.provider.issuer if people else None
    )
    return Access(links, keys, tokens, sessions, _code_flow(settings, people, seal) if people else None)


def _tokens(settings: Settings) -> Tokens:
    """Return how tokens of the provider are verified, and what they say."""
    audiences = settings.oidc_audience or filter(None, [settings.oidc_client_id])
    return Tokens(
        Provider(str(settings.oidc_issuer), Requests()),
        Rules(frozenset(audiences), frozenset(settings.oidc_algorithms)),
        Places(settings.oidc_roles_claim, settings.oidc_tenants_claim, settings.oidc_name_claim),
        roles_of(settings),
    )


def _code_flow(settings: Settings, tokens: Tokens, seal: Seal) -> CodeFlow:
    """Return how people sign in at the provider."""
    assert settings.oidc_client_id is not None
    client = Client(settings.oidc_client_id, settings.oidc_client_secret, tuple(settings.oidc_scopes))
    return CodeFlow(tokens.provider, tokens, client, seal)


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


class Gateway:
    """Answers requests for this server alone, with their base URL, and an error nobody foresaw too.

    It stands inside CORS, so that a page of another origin can read that answer too.
    """

    def __init__(
        self, app: ASGIApp, root: str, public_url: str | None, trusted_proxies: frozenset[str], hosts: Hosts
    ) -> None:
        self._app = app
        self._root = root
        self._public_url = public_url
        self._trusted_proxies = trusted_proxies
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            self._hosts.check(scope)
        except MisdirectedRequest as error:
            await error_response(error)(scope, receive, send)
            return
        url = base_url(scope, self._root, self._public_url, self._trusted_proxies)
        scope.setdefault("state", {})["base_url"] = url
        path = resource_path(scope["method"], scope["path"], self._root)
        watched_send = WatchedSend(send)
        try:
            await self._app({**scope, "path": path}, receive, watched_send)
        except Exception as error:
            _log.error("%s failed: %s\n%s", scope["method"], type(error).__name__, _traceback(error))
            if watched_send.has_begun:
                raise
            await error_response(_unforeseen(error))(scope, receive, send)


def _unforeseen(error: Exception) -> DicomwebError:
    """Return what is said of an error that nobody foresaw; what the system denied may work another time."""
    if isinstance(error, OSError) and is_trouble(error):
        return trouble("the request cannot be answered", error)
    return DicomwebError("the server failed; its log says where")


def _traceback(error: Exception) -> str:
    """Return where an error came from, without its message: that may hold what belongs to a patient."""
    return "".join(traceback.format_tb(error.__traceback__)[-8:])


async def _answer_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, DicomwebError)
    return error_response(error)


async def _answer_http_error(request: Request, error: Exception) -> Response:
    """Answer what Starlette itself raises: no such path, no such method."""
    assert isinstance(error, HTTPException)
    if request.method == "OPTIONS" and error.status_code == 405:
        return Response(status_code=204, headers=error.headers)
    if error.status_code == 404:
        return await answer_unknown_address(request)
    is_method = error.status_code == 405
    body = {
        "status": error.status_code,
        "error": "MethodNotAllowed" if is_method else "HTTPError",
        "message": f"{request.method} is not possible here" if is_method else error.detail,
    }
    return JSONResponse(body, error.status_code, error.headers)
