"""Metrics, for whoever watches the service: an admin of all studies, or who has the token for it."""

import hmac
from collections.abc import Iterable, Mapping

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.engine.database import Database
from service.archive.index.events.numbering import state_of
from service.archive.index.events.webhooks import backlog
from service.archive.index.queries.sizes import unnumbered
from service.archive.sizes import ArchiveSizes
from service.errors import Forbidden, NotFound, Unauthorized
from service.metrics import CONTENT_TYPE
from service.web.access.admission import Admitting
from service.web.access.credentials import credential_of
from service.web.state import scope_of, service_of

Gauges = dict[str, tuple[str, Iterable[tuple[Mapping[str, str], float]]]]


class Scraping(Admitting):
    """Admits who has the token for metrics, besides admins."""

    async def __call__(self, request: Request) -> Response:
        """Answer who may ask."""
        token = service_of(request).metrics_token
        if token is None:
            return await super().__call__(request)
        credential = credential_of(request, in_query=False)
        if credential and hmac.compare_digest(credential.secret.encode(), token.encode()):
            return await retrieve_metrics(request)
        if service_of(request).access.is_open:
            raise Unauthorized("this needs an Authorization header with the token of DICOMWEB_METRICS_TOKEN")
        return await super().__call__(request)


async def retrieve_metrics(request: Request) -> Response:
    """GET /metrics: in the text format of Prometheus.

    Raises:
        NotFound: they are off.
        Forbidden: who asks does not see all studies.
    """
    service = service_of(request)
    if hasattr(request.state, "caller") and not scope_of(request).is_everything:
        raise Forbidden("metrics are of all studies, and you see some")
    if service.metrics is None or service.sizes is None:
        raise NotFound("metrics are off: DICOMWEB_METRICS=on turns them on")
    body = service.metrics.text(await _gauges(service.archive.index, service.sizes))
    return Response(body, 200, {"content-type": CONTENT_TYPE, "cache-control": "no-store"})


async def _gauges(index: Database, archive_sizes: ArchiveSizes) -> Gauges:
    archive, state = await archive_sizes.current(), await index.read(state_of)
    behind = await index.read(backlog)
    return {
        "archive_studies": ("Studies in the archive.", [({}, archive.studies)]),
        "archive_series": ("Series in the archive.", [({}, archive.series)]),
        "archive_instances": ("Instances in the archive.", [({}, archive.instances)]),
        "archive_bytes": ("Bytes of the files in the archive.", [({}, archive.bytes)]),
        "feed_sequence": ("Sequence of the newest change.", [({}, state.last)]),
        "feed_backlog": ("Changes without a Sequence yet.", [({}, await index.read(unnumbered))]),
        "webhook_backlog": (
            "Changes that a webhook has not been told.",
            [({"webhook": name}, number) for name, number in behind.items()],
        ),
    }
