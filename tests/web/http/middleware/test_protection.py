"""What answers say to browsers and caches, over the whole service."""

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.web.messages import store, url


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("/dicom-web/studies", "application/dicom+json"),
        ("/dicom-web/{instance}", "application/dicom"),
        ("/dicom-web/{instance}", "*/*"),
        ("/dicom-web/{instance}/metadata", "application/dicom+json"),
        ("/dicom-web/{instance}/frames/1", "application/octet-stream"),
        ("/dicom-web/{instance}/rendered", "image/png"),
        ("/dicom-web/studies/{study}", "application/zip"),
        ("/dicom-web/studies/9.9.9", "*/*"),
        ("/dicom-web/nothing", "*/*"),
        ("/", "text/html"),
        ("/browse/{study}", "text/html"),
        ("/viewer/", "text/html"),
    ],
)
def test_every_answer_says_whom_it_is_for_and_what_it_is(
    dicomweb: httpx.Client, study: str, path: str, accept: str
) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    path = path.format(instance=url(f"{study}.1.1"), study=study)

    answer = dicomweb.get(dicomweb.base_url.copy_with(path=path), headers={"accept": accept})

    assert "private" in answer.headers["cache-control"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["referrer-policy"] == "same-origin"


def test_the_answer_that_nothing_has_changed_says_it_too(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    path = f"{url(f'{study}.1.1')}/metadata"
    etag = dicomweb.get(path).headers["etag"]

    answer = dicomweb.get(path, headers={"if-none-match": etag})

    assert answer.status_code == 304
    assert "private" in answer.headers["cache-control"]


def test_what_says_more_of_itself_keeps_it(dicomweb: httpx.Client) -> None:
    health = dicomweb.get(dicomweb.base_url.copy_with(path="/health"))

    assert health.headers.get_list("cache-control") == ["no-store"]
