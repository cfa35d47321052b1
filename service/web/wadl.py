"""What this service can do, as a WADL document made from the route table.

A node of the document is a dict: text is an attribute, a list holds the child elements of that name. So
one tree makes both forms, XML and JSON. The routes give the resources and their methods, openapi.yaml
gives the parameters, media types and statuses of each.

Standard: PS3.18 Annex H.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from xml.etree import ElementTree as ET

from starlette.routing import Route

from service.web.description import operation, resolved

Node = dict[str, Any]

WADL_NAMESPACE = "http://wadl.dev.java.net/2009/02"
STYLES = {"path": "template", "query": "query", "header": "header"}


def application(routes: Iterable[Route], base_url: str) -> Node:
    """Return the root element: one `resources`, and in it the tree of resources in the order of their paths.

    OPTIONS is left out, as the Standard says: WADL does not describe itself.
    """
    resources: Node = {"base": base_url}
    for route in sorted(routes, key=lambda route: route.path_format):
        names = sorted((route.methods or set()) - {"OPTIONS"})
        if names:
            resource = _resource(resources, route.path_format.strip("/").split("/"))
            resource.setdefault("method", []).extend(_method(route.path_format, name) for name in names)
    return {"xmlns": WADL_NAMESPACE, "resources": [resources]}


def xml(name: str, node: Node) -> bytes:
    """Return an XML document with the root element `name`."""
    document: bytes = ET.tostring(_element(name, node), encoding="utf-8", xml_declaration=True)
    return document


def _element(name: str, node: Node) -> ET.Element:
    element = ET.Element(name, {key: value for key, value in node.items() if isinstance(value, str)})
    for child, nodes in node.items():
        if isinstance(nodes, list):
            element.extend(_element(child, node) for node in nodes)
    return element


def _resource(node: Node, segments: Sequence[str]) -> Node:
    """Return the node at the end of the path from `node`, and make what is missing on the way."""
    for segment in segments:
        siblings: list[Node] = node.setdefault("resource", [])
        child = next((sibling for sibling in siblings if sibling["path"] == segment), None)
        node = child or _new_resource(segment)
        if child is None:
            siblings.append(node)
    return node


def _new_resource(segment: str) -> Node:
    if not segment.startswith("{"):
        return {"path": segment}
    return {
        "path": segment,
        "param": [{"name": segment.strip("{}"), "style": "template", "required": "true"}],
    }


def _method(path: str, name: str) -> Node:
    """Return a method as openapi.yaml describes it; HEAD, which is GET without a body, by its name alone."""
    entry = operation(path, name)
    if entry is None:
        return {"name": name}
    answers = {status: resolved(answer) for status, answer in entry["responses"].items()}
    return {
        "name": name,
        "id": entry["operationId"],
        "request": [_request(entry, answers)],
        "response": [{"status": status} | _representations(answer) for status, answer in answers.items()],
    }


def _request(entry: Mapping[str, Any], answers: Mapping[str, Mapping[str, Any]]) -> Node:
    accept = list(answers.get("200", {}).get("content", {}))
    parameters = [resolved(parameter) for parameter in entry.get("parameters", ())]
    return {"param": [_parameter(parameter, accept) for parameter in parameters]} | _representations(
        resolved(entry.get("requestBody", {}))
    )


def _parameter(entry: Mapping[str, Any], accept: Sequence[str]) -> Node:
    parameter: Node = {"name": entry["name"], "style": STYLES[entry["in"]]}
    if entry["name"].lower() == "accept" and accept:
        parameter |= {"default": accept[0], "option": [{"value": media_type} for media_type in accept]}
    return parameter


def _representations(message: Mapping[str, Any]) -> Node:
    content = message.get("content", {})
    return {"representation": [{"mediaType": media_type} for media_type in content]} if content else {}
