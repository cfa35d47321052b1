"""Everything that is open while the service runs, and what its settings say of it: for handlers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service.access.access import Access
from service.access.caller import Caller
from service.archive import Archive
from service.archive.sizes import ArchiveSizes
from service.audit.audit import Audit
from service.cache import Cache
from service.feed.allowed_hosts import AllowedHosts
from service.feed.feed import Feed
from service.imaging.decoder import Decoder
from service.imaging.display.pictures import Pictures
from service.imaging.masks.mask_volume import MaskVolume
from service.imaging.numbers.forms import Form
from service.imaging.numbers.plans import Plans
from service.metrics import Metrics
from service.ohif import OhifFiles
from service.scope import Scope
from service.tables.kept_tables import KeptTables


@dataclass(frozen=True, slots=True)
class StoreLimits:
    """The most this server takes.

    Attributes:
        instance_bytes: of one instance.
        request_bytes: of one request's body.
        parts: of one request.
    """

    instance_bytes: int
    request_bytes: int
    parts: int


@dataclass(frozen=True, slots=True)
class Service:
    """Everything that handlers use.

    Attributes:
        access: how callers are known.
        archive: the index and the files.
        feed: of what changes.
        webhook_hosts: whom webhooks may call.
        decoder: of frames.
        pictures: of frames, made and kept.
        metadata: answers with the metadata of studies and series, kept.
        forms: in which arrays come, kept.
        plans: of volumes, kept.
        tables: as files, kept while they are read.
        masks: on their grids, kept.
        sop_classes: of the instances of series, kept.
        ohif: the files of the viewer.
        viewer_frames: whose pages may hold the viewer in a frame, as a Content-Security-Policy names them.
        routes: below the base URL.
        root: path of the base URL, as in `/dicom-web`.
        max_results: in one page of a search.
        store_limits: of requests that store.
        trusted_proxies: addresses and networks whose word on who has asked them is believed.
        audit: is told who does what; None without one.
        metrics: what has been counted; None where nothing is.
        sizes: how much the archive has, for metrics.
        metrics_token: lets read the metrics; None for admins alone.
        destinations: names of peers to which studies can be sent.
    """

    access: Access
    archive: Archive
    feed: Feed
    webhook_hosts: AllowedHosts
    decoder: Decoder
    pictures: Pictures
    metadata: Cache[Response]
    forms: Cache[Form]
    plans: Plans
    tables: KeptTables
    masks: Cache[MaskVolume]
    sop_classes: Cache[frozenset[str]]
    ohif: OhifFiles
    viewer_frames: Sequence[str]
    routes: Sequence[Route]
    root: str
    max_results: int
    store_limits: StoreLimits
    trusted_proxies: frozenset[str] = frozenset()
    audit: Audit | None = None
    metrics: Metrics | None = None
    sizes: ArchiveSizes | None = None
    metrics_token: str | None = None
    destinations: frozenset[str] = frozenset()


def service_of(request: Request) -> Service:
    """Return the service that a request has come to."""
    return cast(Service, request.app.state.service)


def caller_of(request: Request) -> Caller:
    """Return who asks; the route has asked them."""
    return cast(Caller, request.state.caller)


def scope_of(request: Request) -> Scope:
    """Return the studies that are there for who asks."""
    return caller_of(request).scope
