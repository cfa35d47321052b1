"""Every Accept that real clients send, to every kind of resource: what is asked for, or a 406."""

import httpx
import pytest

from tests.builders import EXPLICIT
from tests.clients.holdings import COMPRESSED, CT, JPEG_LS, MULTIFRAME, PALETTE, PDF, VIDEO
from tests.web.messages import url

RESOURCES = {
    "search": "studies",
    "metadata": f"{url(CT)}/metadata",
    "series": "studies/1/series/1.1",
    "instance": url(COMPRESSED),
    "frame": f"{url(COMPRESSED)}/frames/1",
    "frames": f"{url(MULTIFRAME)}/frames/1,2",
    "bulkdata": f"{url(PALETTE)}/bulkdata/00281201",
    "picture": f"{url(CT)}/rendered",
    "thumbnail": "studies/1/thumbnail",
    "document": f"{url(PDF)}/rendered",
    "film": f"{url(VIDEO)}/rendered",
}

JSON = {"search", "metadata"}
FILES = {"series", "instance"}
FRAMES = {"frame", "frames"}
OCTETS = FILES | FRAMES | {"bulkdata"}
PICTURES_TOO = OCTETS | {"picture"}
PARTS = JSON | PICTURES_TOO
PICTURES = {"picture", "thumbnail"}
EVERYTHING = set(RESOURCES)

OCTET_STREAM = 'multipart/related; type="application/octet-stream"'
DICOM = 'multipart/related; type="application/dicom"'
OHIF = f'{OCTET_STREAM}; transfer-syntax="*"'
SLIDES = ", ".join(
    [f'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.{n}' for n in (80, 81)]
    + [f'multipart/related; type="image/jp2"; transfer-syntax=1.2.840.10008.1.2.4.{n}' for n in (90, 91)]
    + [f'multipart/related; type="image/jpx"; transfer-syntax=1.2.840.10008.1.2.4.{n}' for n in (92, 93)]
    + [f"{OCTET_STREAM}; transfer-syntax=*"]
    + ['multipart/related; type="image/jpeg"; transfer-syntax=1.2.840.10008.1.2.4.50']
)
PAGE = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/jxl,image/webp,*/*;q=0.8"
IMAGE = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"

CASES = [
    pytest.param("application/dicom+json", JSON, id="OHIF: lists"),
    pytest.param("application/dicom+json, application/json", JSON, id="dicomweb-client: JSON"),
    pytest.param("application/json", JSON, id="plain JSON"),
    pytest.param(f"application/dicom+json, {OHIF}", JSON | OCTETS, id="OHIF: two headers joined"),
    pytest.param(f"application/dicom+json, {OHIF}".replace('"', ""), JSON | OCTETS, id="OHIF: unquoted"),
    pytest.param(OHIF, OCTETS, id="OHIF: frames"),
    pytest.param(OHIF.replace('"', ""), OCTETS, id="Cornerstone: frames"),
    pytest.param(SLIDES, PICTURES_TOO, id="OHIF: slides"),
    pytest.param(
        f'multipart/related; type="image/jls"; transfer-syntax="{JPEG_LS}"; transfer-syntax="*"',
        FILES | FRAMES,
        id="OHIF: two transfer syntaxes",
    ),
    pytest.param(OCTET_STREAM, OCTETS, id="dicomweb-client: frames, bulk data"),
    pytest.param('multipart/related;   type =  "application/octet-stream"', OCTETS, id="blanks"),
    pytest.param(
        f'multipart/related; type="video/mp4", {OCTET_STREAM}', OCTETS, id="OHIF: bulk data or a video"
    ),
    pytest.param("application/octet-stream", {"frame", "bulkdata"}, id="OHIF: bulk data as a single part"),
    pytest.param(DICOM, FILES, id="dicomweb-client, 3D Slicer: files"),
    pytest.param(f"{DICOM}; transfer-syntax=*", FILES, id="as stored"),
    pytest.param(f"{DICOM}; transfer-syntax={EXPLICIT}", FILES, id="decoded"),
    pytest.param("multipart/related;type=application/dicom;transfer-syntax=*", FILES, id="no blanks"),
    pytest.param('MULTIPART/RELATED; TYPE="APPLICATION/DICOM"', FILES, id="upper case"),
    pytest.param("application/dicom; transfer-syntax=*", {"instance"}, id="a single file"),
    pytest.param('multipart/related; type="*/*"', PARTS, id="dicomweb-client: any type"),
    pytest.param("multipart/related", PARTS, id="multipart alone"),
    pytest.param("image/jpeg", PICTURES | {"frame"}, id="OHIF: thumbnails"),
    pytest.param("image/png", PICTURES, id="Slim: pictures"),
    pytest.param("image/*", PICTURES | {"frame"}, id="any image"),
    pytest.param("video/mp4", {"film"}, id="a film"),
    pytest.param("application/pdf", {"document"}, id="a document"),
    pytest.param("*/*", EVERYTHING, id="curl"),
    pytest.param("", EVERYTHING, id="empty"),
    pytest.param(PAGE, EVERYTHING, id="a browser's page"),
    pytest.param(IMAGE, EVERYTHING, id="a browser's image"),
    pytest.param("application/x-unknown", set(), id="an unknown type"),
    pytest.param('multipart/related; type="application/x-unknown"', set(), id="parts of an unknown type"),
    pytest.param("nonsense", set(), id="no media type at all"),
]


@pytest.mark.parametrize(("accept", "answering"), CASES)
def test_what_is_asked_for_is_answered_and_nothing_else(
    holdings: httpx.Client, accept: str, answering: set[str]
) -> None:
    answers = {name: holdings.get(path, headers={"accept": accept}) for name, path in RESOURCES.items()}

    assert {name for name, answer in answers.items() if answer.status_code == 200} == answering
    refusals = [answer.json() for answer in answers.values() if answer.status_code != 200]
    assert all(refusal["status"] == 406 and refusal["available"] for refusal in refusals)


def test_no_accept_at_all_is_answered_everywhere(holdings: httpx.Client) -> None:
    for path in RESOURCES.values():
        request = holdings.build_request("GET", path)
        del request.headers["accept"]

        assert holdings.send(request).status_code == 200


@pytest.mark.parametrize("header", [OHIF, "application/json", "*/*", IMAGE])
@pytest.mark.parametrize(
    ("resource", "accept", "content_type"),
    [
        ("thumbnail", "image/jpeg", "image/jpeg"),
        ("picture", "image%2Fpng", "image/png"),
        ("film", "video/mp4", "video/mp4"),
        ("document", "application/pdf", "application/pdf"),
        ("metadata", "application/dicom%2Bjson", "application/dicom+json"),
        ("metadata", "application/dicom+json", "application/dicom+json"),
    ],
)
def test_the_accept_of_the_url_decides_whatever_the_header_says(
    holdings: httpx.Client, header: str, resource: str, accept: str, content_type: str
) -> None:
    answer = holdings.get(f"{RESOURCES[resource]}?accept={accept}", headers={"accept": header})

    assert (answer.status_code, answer.headers["content-type"]) == (200, content_type)
