"""Query parameters that are not known have no say, and a warning names them. PS3.18 8.3.4."""

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.web.messages import store, url

IGNORED = "These parameters are not known and have been ignored"


@pytest.fixture
def ct(dicomweb: httpx.Client, study: str) -> str:
    """The path of a stored CT slice."""
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    return url(f"{study}.1.1")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/metadata",
        "/rendered",
        "/thumbnail",
        "/frames/1",
        "/frames/1/rendered",
        "/bulkdata",
        "/bulkdata/7FE00010",
        "/pixeldata",
        "/pixels",
        "/statistics",
    ],
)
def test_a_retrieve_names_the_parameters_it_does_not_know(dicomweb: httpx.Client, ct: str, path: str) -> None:
    response = dicomweb.get(f"{ct}{path}?windw=40,400&accept=*/*&_=1&windw=2")
    plain = dicomweb.get(f"{ct}{path}?accept=*/*")

    base_url = str(dicomweb.base_url).rstrip("/")
    assert response.status_code == plain.status_code == 200
    assert response.headers["warning"] == f"299 {base_url}: {IGNORED}: windw _"
    assert "warning" not in plain.headers
    assert response.content == plain.content


def test_every_search_names_the_parameters_it_does_not_know(dicomweb: httpx.Client, ct: str) -> None:
    study, series = ct.split("/instances/", maxsplit=1)[0].split("/series/")
    for path in ("studies", "series", "instances", f"{study}/series", f"{study}/instances"):
        assert "metching" in dicomweb.get(f"{path}?metching=1").headers["warning"]
    assert "metching" in dicomweb.get(f"{study}/series/{series}/instances?metching=1").headers["warning"]


def test_both_warnings_of_a_picture_are_there(dicomweb: httpx.Client, ct: str) -> None:
    response = dicomweb.get(f"{ct}/rendered?annotation=patient,dose&colour=blue")

    warning = response.headers["warning"]
    assert "dose" in warning
    assert f"{IGNORED}: colour" in warning


def test_an_answer_that_is_kept_warns_nobody_else(dicomweb: httpx.Client, ct: str) -> None:
    series = ct.split("/instances/", maxsplit=1)[0]
    first, second = (dicomweb.get(f"{series}/metadata{query}") for query in ("?x=1", ""))

    assert "warning" in first.headers
    assert "warning" not in second.headers


def test_what_a_header_cannot_hold_is_not_repeated(dicomweb: httpx.Client, ct: str) -> None:
    response = dicomweb.get(f"{ct}/metadata?Doe%5EJane%0D%0AX=1")

    assert response.headers["warning"].endswith("ignored: unreadable ones")
