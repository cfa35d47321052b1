from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from tests.builders import ct_image, part10
from tests.web.messages import store

VIEWER = "https://viewer.example"
FROM_VIEWER = {"origin": VIEWER}
PREFLIGHT = FROM_VIEWER | {
    "access-control-request-method": "GET",
    "access-control-request-headers": "accept, authorization, range",
}


@pytest.fixture
def allowing(dicomweb_with: Callable[..., httpx.Client]) -> httpx.Client:
    """A client of a service that pages of VIEWER may use."""
    return dicomweb_with(cors_origins=[VIEWER])


def test_by_default_no_other_origin_may_read_the_answer(dicomweb: httpx.Client) -> None:
    response = dicomweb.get("studies", headers=FROM_VIEWER)

    assert "access-control-allow-origin" not in response.headers


def test_a_page_of_the_viewer_may_read_the_answer_and_what_its_headers_say(allowing: httpx.Client) -> None:
    response = allowing.get("studies", headers=FROM_VIEWER)

    assert response.headers["access-control-allow-origin"] == VIEWER
    exposed = response.headers["access-control-expose-headers"].lower()
    assert all(name in exposed for name in ("etag", "content-range", "warning"))


def test_an_isolated_page_of_the_viewer_may_embed_what_it_gets(
    allowing: httpx.Client, dicomweb: httpx.Client
) -> None:
    allowed, by_default = (client.get("studies/9/thumbnail") for client in (allowing, dicomweb))

    assert allowed.headers["cross-origin-resource-policy"] == "cross-origin"
    assert by_default.headers["cross-origin-resource-policy"] == "same-origin"


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "studies/9", 404),
        ("GET", "nothing", 404),
        ("GET", "studies?limit=many", 400),
        ("PUT", "studies", 405),
        ("POST", "studies", 415),
    ],
)
def test_errors_can_be_read_too(allowing: httpx.Client, method: str, path: str, status: int) -> None:
    response = allowing.request(method, path, headers=FROM_VIEWER)

    assert response.status_code == status
    assert response.headers["access-control-allow-origin"] == VIEWER


def test_an_error_that_nobody_foresaw_can_be_read_and_tells_nothing(
    allowing: httpx.Client, tmp_path: Path
) -> None:
    store(allowing, part10(ct_image("1.1.1")))
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'index.db'}")
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE documents SET metadata = x'00'"))
    engine.dispose()

    response = allowing.get("studies/1/metadata", headers=FROM_VIEWER)

    assert response.status_code == 500
    assert response.headers["access-control-allow-origin"] == VIEWER
    assert response.json()["message"] == "the server failed; its log says where"


@pytest.mark.parametrize("path", ["studies", "studies/1/series/1.1/instances/1.1.1/frames/1", "nothing", "."])
def test_a_preflight_is_answered_before_anything_else(allowing: httpx.Client, path: str) -> None:
    response = allowing.options(path, headers=PREFLIGHT)

    assert response.status_code == 200
    assert response.headers["access-control-allow-origin"] == VIEWER
    allowed = response.headers["access-control-allow-methods"]
    assert all(method in allowed for method in ("GET", "POST", "DELETE"))
    assert "accept" in response.headers["access-control-allow-headers"].lower()


def test_a_preflight_of_another_origin_is_refused(allowing: httpx.Client) -> None:
    response = allowing.options("studies", headers=PREFLIGHT | {"origin": "https://elsewhere.example"})

    assert response.status_code == 400
    assert "access-control-allow-origin" not in response.headers


def test_every_origin_may_be_allowed(dicomweb_with: Callable[..., httpx.Client]) -> None:
    response = dicomweb_with(cors_origins=["*"]).get("studies", headers=FROM_VIEWER)

    assert response.headers["access-control-allow-origin"] == "*"


def test_the_capabilities_are_no_preflight(allowing: httpx.Client) -> None:
    response = allowing.options("", headers=FROM_VIEWER | {"accept": "application/json"})

    assert response.status_code == 200
    assert "application" in response.json()
