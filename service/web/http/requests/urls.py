"""URLs as answers name them: of what is stored, and the way from a page to the top of the site."""

from starlette.requests import Request

from service.archive.instance import Instance
from service.dicom.instance import Uids
from service.web.state import service_of


def study_url(base_url: str, uids: Uids) -> str:
    """Return the URL of the study of an instance."""
    return f"{base_url}/studies/{uids.study}"


def series_url(base_url: str, uids: Uids) -> str:
    """Return the URL of the series of an instance."""
    return f"{study_url(base_url, uids)}/series/{uids.series}"


def instance_url(base_url: str, uids: Uids) -> str:
    """Return the URL of an instance."""
    return f"{series_url(base_url, uids)}/instances/{uids.instance}"


def bulkdata_url(base_url: str, instance: Instance, path: str) -> str:
    """Return the Bulkdata URI that the metadata give a value."""
    return f"{instance_url(base_url, instance.uids)}/bulkdata/{path}"


def site_url(request: Request) -> str:
    """Return the absolute URL of the top of the site, without a slash at its end."""
    base_url: str = request.state.base_url
    return base_url.removesuffix(service_of(request).root)


def up(request: Request) -> str:
    """Return the way from the page to the top of the site, as a relative URL that ends with a slash."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (path.count(b"/") - 1) or "./"
