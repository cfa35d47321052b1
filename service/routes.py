"""Every path of the service, and who answers it."""

from starlette.routing import Route

from service.web.bulkdata import retrieve_bulkdata
from service.web.capabilities import capabilities
from service.web.delete import delete
from service.web.frames import retrieve_frames
from service.web.health import live, ready
from service.web.instances import retrieve_instance, retrieve_instances
from service.web.metadata import retrieve_metadata
from service.web.openapi import openapi
from service.web.pixels import retrieve_pixels
from service.web.qido import search_instances, search_series, search_studies
from service.web.rendered import retrieve_rendered, retrieve_rendered_all, retrieve_rendered_frames
from service.web.resource import Handler, Resource
from service.web.statistics import retrieve_statistics
from service.web.stow import store
from service.web.thumbnails import retrieve_thumbnail, retrieve_thumbnail_of_many
from service.web.volume import retrieve_volume

_STUDY = "/studies/{study}"
_SERIES = f"{_STUDY}/series/{{series}}"
_INSTANCE = f"{_SERIES}/instances/{{instance}}"
_FRAMES = f"{_INSTANCE}/frames/{{frames}}"


def _route(path: str, **handlers: Handler) -> Route:
    return Route(path, Resource(handlers), methods=list(handlers))


# The busiest first: routes are tried in this order.
ROUTES = [
    _route(_FRAMES, GET=retrieve_frames),
    _route(f"{_INSTANCE}/metadata", GET=retrieve_metadata),
    _route(_INSTANCE, GET=retrieve_instance, DELETE=delete),
    _route(f"{_FRAMES}/rendered", GET=retrieve_rendered_frames),
    _route(f"{_FRAMES}/thumbnail", GET=retrieve_thumbnail),
    _route(f"{_INSTANCE}/rendered", GET=retrieve_rendered),
    _route(f"{_INSTANCE}/thumbnail", GET=retrieve_thumbnail),
    _route(f"{_FRAMES}/pixels", GET=retrieve_pixels),
    _route(f"{_FRAMES}/statistics", GET=retrieve_statistics),
    _route(f"{_INSTANCE}/pixels", GET=retrieve_pixels),
    _route(f"{_INSTANCE}/statistics", GET=retrieve_statistics),
    _route(f"{_INSTANCE}/volume", GET=retrieve_volume),
    _route(f"{_SERIES}/statistics", GET=retrieve_statistics),
    _route(f"{_SERIES}/volume", GET=retrieve_volume),
    _route(f"{_INSTANCE}/bulkdata/{{path:path}}", GET=retrieve_bulkdata),
    _route(f"{_SERIES}/metadata", GET=retrieve_metadata),
    _route(f"{_SERIES}/instances", GET=search_instances),
    _route(f"{_SERIES}/rendered", GET=retrieve_rendered_all),
    _route(f"{_SERIES}/thumbnail", GET=retrieve_thumbnail_of_many),
    _route(_SERIES, GET=retrieve_instances, DELETE=delete),
    _route(f"{_STUDY}/metadata", GET=retrieve_metadata),
    _route(f"{_STUDY}/series", GET=search_series),
    _route(f"{_STUDY}/instances", GET=search_instances),
    _route(f"{_STUDY}/rendered", GET=retrieve_rendered_all),
    _route(f"{_STUDY}/thumbnail", GET=retrieve_thumbnail_of_many),
    _route(_STUDY, GET=retrieve_instances, POST=store, DELETE=delete),
    _route("/studies", GET=search_studies, POST=store),
    _route("/series", GET=search_series),
    _route("/instances", GET=search_instances),
    _route("/openapi.json", GET=openapi),
    _route("/", OPTIONS=capabilities),
]
HEALTH = [Route("/health/live", live), Route("/health/ready", ready)]
