"""URLs as answers name them: of what is stored, and the way from a page to the top of the site."""

from starlette.requests import Request

from service.archive.instance import Instance


def instance_url(base_url: str, instance: Instance) -> str:
    """Return the URL of an instance."""
    uids = instance.uids
    return f"{base_url}/studies/{uids.study}/series/{uids.series}/instances/{uids.instance}"


def bulkdata_url(base_url: str, instance: Instance, path: str) -> str:
    """Return the Bulkdata URI that the metadata give a value."""
    return f"{instance_url(base_url, instance)}/bulkdata/{path}"


def up(request: Request) -> str:
    """Return the way from the page to the top of the site, as a relative URL that ends with a slash."""
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return "../" * (path.count(b"/") - 1) or "./"
