"""The description of this service: openapi/openapi.yaml, served as JSON at /openapi.json.

The file is the one place that names each parameter, media type and answer. A test holds it to the route
table, so the capabilities document takes its details from here.
"""

from functools import lru_cache
from typing import Any

import anyio.to_thread
import orjson
import yaml
from starlette.requests import Request
from starlette.responses import Response

from service.installed import folder
from service.web.http.etags import etag_of
from service.web.http.responses import not_modified
from service.web.http.text import TextResponse


async def openapi(request: Request) -> Response:
    """GET /openapi.json: the description, with the base URL that the client used."""
    document = await anyio.to_thread.run_sync(description)
    body = orjson.dumps(document | {"servers": [{"url": request.state.base_url}]})
    etag = etag_of(body)
    return not_modified(request, etag) or TextResponse(body, request, "application/json", etag=etag)


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return openapi.yaml, read once; not to be changed."""
    text = (folder("openapi") / "openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    return document


def operation(path: str, method: str) -> dict[str, Any] | None:
    """Return what is said of `method` (upper case) on `path`, or None if nothing is."""
    item: dict[str, Any] = description()["paths"].get(path, {})
    return item.get(method.lower())


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return what `part` stands for: itself, or the component that its $ref names."""
    if "$ref" not in part:
        return part
    found: Any = description()
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return resolved(found)
