"""Every path of the service, and who answers it."""

from collections.abc import Iterable

from starlette.routing import Route

from service.audit.event import Action
from service.permissions import Permission
from service.web.access.admission import (
    Admitting,
    administering,
    deleting,
    everybody,
    reading,
    searching,
    writing,
)
from service.web.access.credentials import TOKEN_PARAMETER
from service.web.access.links import list_links, make_link, open_link, revoke_link
from service.web.capabilities import capabilities, enter
from service.web.delete import delete
from service.web.feed.changefeed import retrieve_changes, retrieve_latest_change
from service.web.feed.webhooks import add_hook, list_hooks, remove_hook, resume_hook
from service.web.health import health, live, ready
from service.web.http.answers.resource import Handler, Resource
from service.web.metrics import Scraping, retrieve_metrics
from service.web.numbers.datasets import PARAMETERS as DATASET
from service.web.numbers.datasets import retrieve_dataset
from service.web.numbers.pixels import retrieve_pixels, retrieve_series_pixels
from service.web.numbers.statistics import retrieve_statistics
from service.web.numbers.volume import retrieve_volume
from service.web.numbers.wishes import MAKING
from service.web.numbers.zarr import retrieve_zarr
from service.web.openapi import openapi
from service.web.pages.asset import retrieve_asset, retrieve_icon
from service.web.pages.attributes import attributes_page
from service.web.pages.audit import audit_page, audit_table
from service.web.pages.docs import docs_page
from service.web.pages.instance import instance_page
from service.web.pages.missing import missing_page
from service.web.pages.page import answering_with_pages
from service.web.pages.refused import refused
from service.web.pages.series import first_picture, retrieve_stack, series_page
from service.web.pages.sign_in import (
    come_back,
    sign_in_at_provider,
    sign_in_page,
    sign_in_with_key,
    sign_out,
)
from service.web.pages.studies import studies_page
from service.web.pages.study import study_page
from service.web.qido import search_instances, search_series, search_studies
from service.web.rendered.rendered import retrieve_rendered, retrieve_rendered_all, retrieve_rendered_frames
from service.web.rendered.thumbnails import retrieve_thumbnail, retrieve_thumbnail_of_many
from service.web.sending import list_sendings, send
from service.web.stow.store import store
from service.web.tenant import change_tenant, retrieve_tenant
from service.web.viewer.viewer import redirect_to_viewer, retrieve_viewer
from service.web.wado.bulkdata import (
    retrieve_all_bulkdata,
    retrieve_all_pixeldata,
    retrieve_bulkdata,
    retrieve_pixeldata,
)
from service.web.wado.frames import retrieve_frames
from service.web.wado.metadata import retrieve_metadata
from service.web.wado.retrieve import retrieve
from service.web.wado_uri import retrieve_by_uri

_STUDY_PATH = "/studies/{study}"
_SERIES_PATH = f"{_STUDY_PATH}/series/{{series}}"
_INSTANCE_PATH = f"{_SERIES_PATH}/instances/{{instance}}"
_FRAMES_PATH = f"{_INSTANCE_PATH}/frames/{{frames}}"


_ACCEPT = ("accept",)
_PIXELS = (*_ACCEPT, *MAKING)
_METADATA = (*_ACCEPT, "includefield")
_RETRIEVED = (*_ACCEPT, "dicomdir")
_THUMBNAIL = (*_ACCEPT, "viewport", TOKEN_PARAMETER)
_RENDERED = (*_THUMBNAIL, "window", "quality", "annotation", "iccprofile")
"""The query parameters that retrieves know. Searches and WADO-URI look for others themselves."""


def _route(path: str, parameters: Iterable[str] | None = None, **handlers: Admitting) -> Route:
    for handler in handlers.values():
        if not isinstance(handler, Admitting):
            raise TypeError(f"{path}: nobody says who may call {handler}")
    return Route(path, Resource(handlers, parameters), methods=list(handlers))


def _page(path: str, handler: Handler, action: Action | None = Action.RETRIEVE) -> Route:
    return _route(path, GET=_seen(answering_with_pages(handler), action))


def _page_for_admins(path: str, handler: Handler, action: Action) -> Route:
    return _route(path, GET=_seen(answering_with_pages(handler), action, Permission.ADMIN))


def _seen(
    handler: Handler, action: Action | None = None, permission: Permission = Permission.READ
) -> Admitting:
    """Return a handler for people: who may not see what it answers is led to where they sign in."""
    return Admitting(handler, permission, refuse=refused, action=action)


def _for_all(handler: Handler, action: Action | None = None) -> Admitting:
    return everybody(answering_with_pages(handler), action)


WADO_URI = _route(
    "/wado", GET=reading(retrieve_by_uri, in_query=True)
)  # also beside the base URL, where old viewers expect it

# The busiest first: routes are tried in this order.
ROUTES = [
    _route(_FRAMES_PATH, _ACCEPT, GET=reading(retrieve_frames)),
    _route(f"{_FRAMES_PATH}/pixels", _PIXELS, GET=reading(retrieve_pixels)),
    _route(f"{_SERIES_PATH}/volume.zarr/{{key:path}}", (), GET=reading(retrieve_zarr)),
    _route(f"{_INSTANCE_PATH}/metadata", _METADATA, GET=reading(retrieve_metadata)),
    _route(_INSTANCE_PATH, _RETRIEVED, GET=reading(retrieve), DELETE=deleting(delete)),
    _route(f"{_SERIES_PATH}/volume/{{query}}.zarr/{{key:path}}", (), GET=reading(retrieve_zarr)),
    _route("/studies", GET=searching(search_studies), POST=writing(store)),
    _route(f"{_SERIES_PATH}/metadata", _METADATA, GET=reading(retrieve_metadata)),
    _route(f"{_STUDY_PATH}/series", GET=searching(search_series)),
    _route(f"{_SERIES_PATH}/instances", GET=searching(search_instances)),
    _route(f"{_FRAMES_PATH}/rendered", _RENDERED, GET=reading(retrieve_rendered_frames, in_query=True)),
    _route(f"{_INSTANCE_PATH}/rendered", _RENDERED, GET=reading(retrieve_rendered, in_query=True)),
    _route(f"{_INSTANCE_PATH}/thumbnail", _THUMBNAIL, GET=reading(retrieve_thumbnail, in_query=True)),
    _route(f"{_SERIES_PATH}/thumbnail", _THUMBNAIL, GET=reading(retrieve_thumbnail_of_many, in_query=True)),
    _route(f"{_STUDY_PATH}/thumbnail", _THUMBNAIL, GET=reading(retrieve_thumbnail_of_many, in_query=True)),
    _route(f"{_STUDY_PATH}/metadata", _METADATA, GET=reading(retrieve_metadata)),
    _route(_SERIES_PATH, _RETRIEVED, GET=reading(retrieve), DELETE=deleting(delete)),
    _route(_STUDY_PATH, _RETRIEVED, GET=reading(retrieve), POST=writing(store), DELETE=deleting(delete)),
    _route(f"{_STUDY_PATH}/instances", GET=searching(search_instances)),
    _route("/series", GET=searching(search_series)),
    _route("/instances", GET=searching(search_instances)),
    _route(f"{_FRAMES_PATH}/thumbnail", _THUMBNAIL, GET=reading(retrieve_thumbnail, in_query=True)),
    _route(f"{_FRAMES_PATH}/statistics", _ACCEPT, GET=reading(retrieve_statistics)),
    _route(f"{_INSTANCE_PATH}/pixels", _PIXELS, GET=reading(retrieve_pixels)),
    _route(f"{_INSTANCE_PATH}/statistics", _ACCEPT, GET=reading(retrieve_statistics)),
    _route(f"{_STUDY_PATH}/volume", (*_ACCEPT, *DATASET), GET=reading(retrieve_dataset)),
    _route(f"{_INSTANCE_PATH}/volume", GET=reading(retrieve_volume)),
    _route(f"{_INSTANCE_PATH}/volume.zarr/{{key:path}}", (), GET=reading(retrieve_zarr)),
    _route(f"{_INSTANCE_PATH}/volume/{{query}}.zarr/{{key:path}}", (), GET=reading(retrieve_zarr)),
    _route(f"{_SERIES_PATH}/pixels", _PIXELS, GET=reading(retrieve_series_pixels)),
    _route(f"{_SERIES_PATH}/statistics", _ACCEPT, GET=reading(retrieve_statistics)),
    _route(f"{_SERIES_PATH}/volume", GET=reading(retrieve_volume)),
    _route(f"{_INSTANCE_PATH}/bulkdata", _ACCEPT, GET=reading(retrieve_all_bulkdata)),
    _route(f"{_INSTANCE_PATH}/bulkdata/7FE00010/frames/{{frames}}", _ACCEPT, GET=reading(retrieve_frames)),
    _route(f"{_INSTANCE_PATH}/bulkdata/{{path:path}}", _ACCEPT, GET=reading(retrieve_bulkdata)),
    _route(f"{_INSTANCE_PATH}/pixeldata", _ACCEPT, GET=reading(retrieve_pixeldata)),
    _route(f"{_SERIES_PATH}/bulkdata", _ACCEPT, GET=reading(retrieve_all_bulkdata)),
    _route(f"{_SERIES_PATH}/pixeldata", _ACCEPT, GET=reading(retrieve_all_pixeldata)),
    _route(f"{_STUDY_PATH}/bulkdata", _ACCEPT, GET=reading(retrieve_all_bulkdata)),
    _route(f"{_STUDY_PATH}/pixeldata", _ACCEPT, GET=reading(retrieve_all_pixeldata)),
    _route(f"{_SERIES_PATH}/rendered", _RENDERED, GET=reading(retrieve_rendered_all, in_query=True)),
    _route(f"{_STUDY_PATH}/rendered", _RENDERED, GET=reading(retrieve_rendered_all, in_query=True)),
    _route(
        f"{_STUDY_PATH}/tenant",
        GET=administering(retrieve_tenant, Action.READ_TENANT),
        PUT=administering(change_tenant, Action.CHANGE_TENANT),
    ),
    _route(
        f"{_STUDY_PATH}/links",
        GET=reading(list_links, action=Action.LIST_LINKS),
        POST=reading(make_link, action=Action.MAKE_LINK),
    ),
    _route(f"{_STUDY_PATH}/links/{{link:int}}", DELETE=reading(revoke_link, action=Action.REVOKE_LINK)),
    _route(
        f"{_STUDY_PATH}/send",
        GET=administering(list_sendings, Action.LIST_SENDINGS),
        POST=administering(send, Action.EXPORT),
    ),
    _route("/changefeed", GET=searching(retrieve_changes)),
    _route("/changefeed/latest", GET=searching(retrieve_latest_change)),
    _route(
        "/webhooks",
        GET=administering(list_hooks, Action.LIST_WEBHOOKS),
        POST=administering(add_hook, Action.CHANGE_WEBHOOK),
    ),
    _route("/webhooks/{name}", DELETE=administering(remove_hook, Action.CHANGE_WEBHOOK)),
    _route("/webhooks/{name}/resume", POST=administering(resume_hook, Action.CHANGE_WEBHOOK)),
    WADO_URI,
    _route("/openapi.json", GET=everybody(openapi)),
    _route("/", GET=everybody(enter), OPTIONS=everybody(capabilities)),
]
HEALTH = [
    _route("/health", GET=everybody(health)),
    _route("/health/live", GET=everybody(live)),
    _route("/health/ready", GET=everybody(ready)),
    _route("/metrics", GET=Scraping(retrieve_metrics, Permission.ADMIN)),
]
VIEWER = [
    _route("/viewer", GET=_seen(redirect_to_viewer)),
    _route("/viewer/{path:path}", GET=_seen(retrieve_viewer)),
]
_BROWSE_PATH = "/browse/{study}/{series}"
PAGES = [
    _page("/", studies_page, Action.QUERY),
    _page("/docs", docs_page, None),
    _page("/browse/{study}", study_page),
    _page(_BROWSE_PATH, series_page),
    _route(f"{_BROWSE_PATH}/stack", GET=reading(retrieve_stack)),
    _page(f"{_BROWSE_PATH}/picture", first_picture),
    _page(f"{_BROWSE_PATH}/{{instance}}", instance_page),
    _page(f"{_BROWSE_PATH}/{{instance}}/attributes", attributes_page),
    _page("/browse/{path:path}", missing_page, None),
    _page_for_admins("/audit", audit_page, Action.READ_AUDIT),
    _page_for_admins("/audit.csv", audit_table, Action.READ_AUDIT),
    _route("/share/{secret}", GET=_for_all(open_link, Action.EXPORT)),
    _route("/sign-in", GET=_for_all(sign_in_page), POST=_for_all(sign_in_with_key, Action.SIGN_IN)),
    _route("/sign-in/provider", GET=_for_all(sign_in_at_provider)),
    _route("/sign-in/callback", GET=_for_all(come_back, Action.SIGN_IN)),
    _route("/sign-out", POST=_for_all(sign_out, Action.SIGN_OUT)),
    _route("/assets/{version}/{name}", GET=everybody(retrieve_asset)),
    _route("/favicon.ico", GET=everybody(retrieve_icon)),
]
