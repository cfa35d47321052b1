"""Tags, ranges and HEAD (RFC 9110 9.3.2, 13, 14): the same for everything that can be retrieved."""

from collections.abc import Callable

import httpx
import numpy as np
import pytest
from pydicom import Dataset

from tests.builders import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    code_stream,
    ct_image,
    encapsulated,
    image,
    part10,
)
from tests.web.messages import store, url

FILE, OCTETS = "application/dicom; transfer-syntax=*", "application/octet-stream; transfer-syntax=*"
MULTIPART = "multipart/related"
FILES: dict[str, tuple[str, Callable[[str], Dataset]]] = {
    "explicit": (EXPLICIT, ct_image),
    "implicit": (IMPLICIT, ct_image),
    "big endian": (BIG_ENDIAN, ct_image),
    "deflated": (DEFLATED, ct_image),
    "large": (EXPLICIT, lambda uid: image(np.arange(2**20, dtype=np.uint16).reshape(1024, 1024), uid)),
    "compressed": (JPEG_2000, lambda uid: encapsulated([[code_stream(bytes(100))]], uid=uid)),
}

with_files = pytest.mark.parametrize("kind", FILES)
as_single_part = pytest.mark.parametrize(
    ("path", "accept"), [("", FILE), ("/frames/1", OCTETS), ("/bulkdata/7FE00010", OCTETS)]
)
as_anything = pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("", FILE),
        ("", MULTIPART),
        ("/frames/1", OCTETS),
        ("/frames/1", MULTIPART),
        ("/bulkdata/7FE00010", OCTETS),
        ("/bulkdata/7FE00010", MULTIPART),
        ("/metadata", "application/dicom+json"),
        ("/rendered", "image/png"),
        ("/thumbnail", "image/jpeg"),
    ],
)


@pytest.fixture
def ct(dicomweb: httpx.Client, study: str) -> str:
    """The path of a stored CT slice."""
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    return url(f"{study}.1.1")


@as_anything
def test_a_client_that_has_the_answer_is_told_so(
    dicomweb: httpx.Client, ct: str, path: str, accept: str
) -> None:
    etag = dicomweb.get(ct + path, headers={"accept": accept}).headers["etag"]

    headers = {"accept": accept, "if-none-match": f'"other", {etag}'}
    response = dicomweb.get(ct + path, headers=headers)

    assert etag.startswith('"')
    assert (response.status_code, response.content) == (304, b"")
    assert response.headers["etag"] == etag


def test_every_answer_has_a_tag_of_its_own(dicomweb: httpx.Client, ct: str) -> None:
    store(dicomweb, part10(ct_image(ct.rpartition("/")[2].replace(".1.1", ".1.2"))))
    requests = [
        (ct, FILE),
        (ct, MULTIPART),
        (f"{ct}/frames/1", OCTETS),
        (f"{ct}/frames/1", MULTIPART),
        (f"{ct}/metadata", "*/*"),
        (f"{ct}/rendered", "image/png"),
        (f"{ct}/rendered?quality=10", "image/jpeg"),
        (f"{ct}/rendered?quality=11", "image/jpeg"),
        (ct.replace(".1.1", ".1.2"), FILE),
    ]

    tags = {dicomweb.get(path, headers={"accept": accept}).headers["etag"] for path, accept in requests}

    assert len(tags) == len(requests)


@with_files
@pytest.mark.parametrize("path", ["", "/frames/1"], ids=["file", "frame"])
@pytest.mark.parametrize(
    ("byte_range", "expected"),
    [
        ("0-9", slice(0, 10)),
        ("90-", slice(90, None)),
        ("-7", slice(-7, None)),
        ("50-99999999", slice(50, None)),
    ],
)
def test_a_range_is_that_part_of_the_whole(
    dicomweb: httpx.Client, study: str, kind: str, path: str, byte_range: str, expected: slice
) -> None:
    transfer_syntax, build = FILES[kind]
    store(dicomweb, part10(build(f"{study}.1.1"), transfer_syntax))
    accept = {"accept": OCTETS if path else FILE}
    whole = dicomweb.get(url(f"{study}.1.1") + path, headers=accept)

    response = dicomweb.get(url(f"{study}.1.1") + path, headers=accept | {"range": f"bytes={byte_range}"})

    size = len(whole.content)
    first, end, _ = expected.indices(size)
    assert (whole.status_code, whole.headers["accept-ranges"]) == (200, "bytes")
    assert (response.status_code, response.content) == (206, whole.content[expected])
    assert response.headers["content-range"] == f"bytes {first}-{end - 1}/{size}"
    assert int(response.headers["content-length"]) == len(response.content)


@as_single_part
@pytest.mark.parametrize("byte_range", ["bytes=1-2,5-6", "lines=1-2", "bytes=9-2", "bytes", "bytes=-"])
def test_a_range_that_is_not_understood_is_ignored(
    dicomweb: httpx.Client, ct: str, path: str, accept: str, byte_range: str
) -> None:
    response = dicomweb.get(ct + path, headers={"accept": accept, "range": byte_range})

    assert response.status_code == 200


@as_single_part
def test_a_range_after_the_end_cannot_be_satisfied(
    dicomweb: httpx.Client, ct: str, path: str, accept: str
) -> None:
    size = len(dicomweb.get(ct + path, headers={"accept": accept}).content)

    response = dicomweb.get(ct + path, headers={"accept": accept, "range": f"bytes={size}-"})

    assert response.status_code == 416
    assert response.headers["content-range"] == f"bytes */{size}"


@as_single_part
def test_a_range_of_what_has_changed_is_answered_with_all_of_it(
    dicomweb: httpx.Client, ct: str, path: str, accept: str
) -> None:
    etag = dicomweb.get(ct + path, headers={"accept": accept}).headers["etag"]
    headers = {"accept": accept, "range": "bytes=0-9"}

    same = dicomweb.get(ct + path, headers=headers | {"if-range": etag})
    changed = dicomweb.get(ct + path, headers=headers | {"if-range": '"other"'})

    assert (same.status_code, changed.status_code) == (206, 200)


@as_anything
def test_head_answers_like_get_without_the_body(
    dicomweb: httpx.Client, ct: str, path: str, accept: str
) -> None:
    get, head = (
        dicomweb.request(method, ct + path, headers={"accept": accept}) for method in ("GET", "HEAD")
    )

    same = ("content-type", "content-length", "content-location", "etag", "accept-ranges", "vary")
    assert (head.status_code, head.content) == (200, b"")
    assert [head.headers.get(name) for name in same] == [get.headers.get(name) for name in same]


@pytest.mark.parametrize("path", ["studies/9", "studies/9/metadata", f"{url('9.1.1')}/frames/1"])
def test_head_of_what_is_not_here_is_not_found(dicomweb: httpx.Client, path: str) -> None:
    response = dicomweb.head(path)

    assert (response.status_code, response.content) == (404, b"")
