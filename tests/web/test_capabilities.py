from xml.etree import ElementTree as ET

import httpx
import pytest
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from service import routes
from service.web.wadl import WADL_NAMESPACE, application, xml

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,*/*;q=0.8"
BASE = "http://pacs.example/dicom-web"


async def _answer(_: Request) -> Response:
    return Response()


ROUTES = [
    Route("/studies/{study}/metadata", _answer, methods=["GET"]),
    Route("/studies", _answer, methods=["GET", "POST"]),
    Route("/", _answer, methods=["OPTIONS"]),
]


def base_url(client: httpx.Client) -> str:
    return str(client.base_url).rstrip("/")


def test_the_default_is_a_wadl_document_with_one_resources_element(dicomweb: httpx.Client) -> None:
    response = dicomweb.options("/")

    root = ET.fromstring(response.content)  # noqa: S314 (our own document)
    assert response.headers["content-type"] == "application/vnd.sun.wadl+xml"
    assert root.tag == f"{{{WADL_NAMESPACE}}}application"
    assert [element.get("base") for element in root] == [base_url(dicomweb)]


def test_json_holds_the_same_tree(dicomweb: httpx.Client) -> None:
    response = dicomweb.options("/", headers={"accept": "application/json"})

    assert response.headers["content-type"] == "application/json"
    assert response.json() == {"application": application(routes.ROUTES, base_url(dicomweb))}


def test_an_etag_that_is_still_right_is_answered_by_304(dicomweb: httpx.Client) -> None:
    etag = dicomweb.options("/").headers["etag"]

    response = dicomweb.options("/", headers={"if-none-match": etag})

    assert response.status_code == 304
    assert response.content == b""


def test_another_media_type_is_406_and_lists_both(dicomweb: httpx.Client) -> None:
    response = dicomweb.options("/", headers={"accept": "image/png"})

    assert response.status_code == 406
    assert response.json()["available"] == ["application/vnd.sun.wadl+xml", "application/json"]


def test_paths_become_nested_resources_with_the_methods_of_their_routes() -> None:
    [resources] = application(ROUTES, BASE)["resources"]

    [studies] = resources["resource"]
    [study] = studies["resource"]
    [metadata] = study["resource"]
    assert [resource["path"] for resource in (studies, study, metadata)] == ["studies", "{study}", "metadata"]
    assert [method["name"] for method in studies["method"]] == ["GET", "HEAD", "POST"]
    assert study["param"] == [{"name": "study", "style": "template", "required": "true"}]
    assert "method" not in study


def test_a_method_says_what_it_takes_and_what_it_answers() -> None:
    [resources] = application(ROUTES, BASE)["resources"]

    [search, _, store] = resources["resource"][0]["method"]
    assert search["id"] == "SearchForStudies"
    assert {"name": "PatientName", "style": "query"} in search["request"][0]["param"]
    assert {"status": "204"} in search["response"]
    assert {"mediaType": "application/dicom"} in store["request"][0]["representation"]


def test_text_is_escaped_in_xml() -> None:
    document = xml("application", {"resources": [{"base": 'http://h/?a&b="<'}]})

    [resources] = ET.fromstring(document)  # noqa: S314 (our own document)
    assert resources.get("base") == 'http://h/?a&b="<'


@pytest.mark.parametrize("path", ["", "/"])
def test_a_browser_is_led_to_the_pages(dicomweb: httpx.Client, path: str) -> None:
    url = base_url(dicomweb)

    answer = dicomweb.get(url + path, headers={"accept": BROWSER})

    assert answer.status_code == 303
    assert answer.next_request is not None
    assert str(answer.next_request.url) == url.removesuffix("dicom-web")


@pytest.mark.parametrize("accept", ["*/*", "application/vnd.sun.wadl+xml", "application/json"])
def test_a_program_gets_the_capabilities(dicomweb: httpx.Client, accept: str) -> None:
    response = dicomweb.get("/", headers={"accept": accept})
    options = dicomweb.options("/", headers={"accept": accept})

    assert response.status_code == 200
    assert response.content == options.content
