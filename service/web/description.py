"""The description of this service, openapi/openapi.yaml: the one place that names each parameter and answer.

A test holds it to the route table, so the capabilities document and the pages take their details from it.
"""

from functools import lru_cache
from typing import Any

import yaml

from service.installed import folder

METHODS = frozenset({"get", "post", "put", "delete", "options"})

_REFUSALS = {
    "401": {"$ref": "#/components/responses/Unauthorized"},
    "403": {"$ref": "#/components/responses/Forbidden"},
}


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """Return openapi.yaml, read once; not to be changed."""
    text = (folder("openapi") / "openapi.yaml").read_text("utf-8")
    document: dict[str, Any] = yaml.safe_load(text)
    for item in document["paths"].values():
        for method in METHODS & item.keys():
            item[method] = _with_refusals(item[method])
    return document


def _with_refusals(described: dict[str, Any]) -> dict[str, Any]:
    """Return an operation with the answers to who may not call it, unless everybody may."""
    if described.get("security") == []:
        return described
    return described | {"responses": described["responses"] | _REFUSALS}


def operation(path: str, method: str) -> dict[str, Any] | None:
    """Return what is said of `method` (upper case) on `path`, or None if nothing is."""
    item: dict[str, Any] = description()["paths"].get(path, {})
    return item.get(method.lower())


def resolved(part: dict[str, Any]) -> dict[str, Any]:
    """Return what `part` stands for: itself, or the component that its $ref names."""
    if "$ref" not in part:
        return part
    component: Any = description()
    for name in part["$ref"].removeprefix("#/").split("/"):
        component = component[name]
    return resolved(component)
