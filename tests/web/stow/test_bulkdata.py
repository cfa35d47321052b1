"""Values that are stored as parts of their own, beside the metadata. PS3.18 8.6.1.2, 10.5.1.4."""

from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from tests.builders import float_image, image, part10
from tests.metadata import instance
from tests.web.messages import DICOM, items, url
from tests.web.stow.posted import (
    CANNOT_UNDERSTAND,
    DOCUMENT,
    FAILED,
    OTHER_FAILURES,
    REFERENCED,
    Bulk,
    by_reference,
    failure,
    identify,
    metadata_of,
    post,
    stored,
)


@pytest.mark.parametrize(
    "dataset",
    [
        pytest.param(image(np.arange(48, dtype=np.int16).reshape(3, 4, 4)), id="integers"),
        pytest.param(float_image(np.arange(48, dtype=np.float32).reshape(3, 4, 4)), id="floats"),
    ],
)
def test_native_pixels_are_one_part(dicomweb: httpx.Client, study: str, dataset: Any) -> None:
    identify(dataset, study)
    dicomweb.post("studies", content=part10(dataset), headers=DICOM)
    metadata = metadata_of(dicomweb, f"{study}.1.1")
    (pixels,) = (element for element in metadata.values() if "BulkDataURI" in element)
    octets = {"accept": "application/octet-stream"}
    value = dicomweb.get(pixels["BulkDataURI"], headers=octets).content
    metadata["00080018"]["Value"] = [f"{study}.1.2"]

    response = post(dicomweb, [metadata], Bulk(pixels["BulkDataURI"], value))

    assert response.status_code == 200, response.text
    frames = [dicomweb.get(f"{url(f'{study}.1.{n}')}/frames/2", headers=octets).content for n in (1, 2)]
    assert frames[0] == frames[1] != b""


@pytest.mark.parametrize(
    ("uri", "location"),
    [
        pytest.param("bulk/1", "bulk/1", id="as it stands"),
        pytest.param("http://elsewhere.example/1", "http://elsewhere.example/1", id="of another host"),
        pytest.param("{base}bulk/1", "/dicom-web/bulk/1", id="absolute, and by its path"),
        pytest.param("bulk/1", "{base}bulk/1", id="relative to the request, and absolute"),
        pytest.param("urn:x:1", "urn:x:1", id="a name"),
        pytest.param("http://[", "http://[", id="no URI at all"),
    ],
)
def test_bulk_data_answer_their_uri(dicomweb: httpx.Client, study: str, uri: str, location: str) -> None:
    uri, location = (template.format(base=dicomweb.base_url) for template in (uri, location))
    metadata = instance(f"{study}.1.1") | {"00420011": by_reference("OB", uri)}

    response = post(dicomweb, [metadata], Bulk(location, b"%PDF"))

    assert response.status_code == 200, response.text
    assert stored(dicomweb, f"{study}.1.1").EncapsulatedDocument == b"%PDF"


def test_bulk_data_lie_at_any_depth_and_have_any_vr(dicomweb: httpx.Client, study: str) -> None:
    group = {"5400100A": by_reference("OB", "w"), "54001010": by_reference("OW", "samples")}
    metadata = instance(f"{study}.1.1") | {
        "00081115": {"vr": "SQ", "Value": [{}, {"54000100": {"vr": "SQ", "Value": [group]}}]},
        "00660016": by_reference("OF", "points"),
        "0040A160": by_reference("UT", "text"),
    }
    samples, points, text = b"\0\1" * 3000, np.arange(900, dtype="<f4").tobytes(), "Größe".encode()

    response = post(
        dicomweb,
        [metadata],
        Bulk("w", b"x"),
        Bulk("text", text),
        Bulk("samples", samples),
        Bulk("points", points),
    )

    dataset = stored(dicomweb, f"{study}.1.1")
    assert response.status_code == 200, response.text
    (inner,) = dataset.ReferencedSeriesSequence[1].WaveformSequence
    assert (inner[0x5400, 0x100A].value, inner.WaveformData) == (b"x\0", samples)
    assert (dataset.PointCoordinatesData, dataset.TextValue) == (points, "Größe")


def test_a_document_says_its_mime_type_and_its_length(dicomweb: httpx.Client, study: str) -> None:
    metadata = instance(f"{study}.1.1") | {DOCUMENT: by_reference("OB", "report")}

    response = post(dicomweb, [metadata], Bulk("report", b"%PDF-1.4 x", "application/pdf"))
    shown = dicomweb.get(f"{url(f'{study}.1.1')}/rendered", headers={"accept": "application/pdf"})

    assert response.status_code == 200, response.text
    assert shown.content == b"%PDF-1.4 x"
    assert metadata_of(dicomweb, f"{study}.1.1")["00420015"] == {"vr": "UL", "Value": [10]}


def test_a_mime_type_that_is_stated_stays(dicomweb: httpx.Client, study: str) -> None:
    metadata = instance(f"{study}.1.1", MIMETypeOfEncapsulatedDocument="text/xml")

    post(dicomweb, [metadata | {DOCUMENT: by_reference("OB", "d")}], Bulk("d", b"<a/>", "application/xml"))

    assert stored(dicomweb, f"{study}.1.1").MIMETypeOfEncapsulatedDocument == "text/xml"


@pytest.mark.parametrize(
    "uri", ["missing", "file:///etc/passwd", "http://127.0.0.1:1/x", "ftp://elsewhere.example/x", ""]
)
def test_a_uri_that_no_part_answers_is_never_fetched(dicomweb: httpx.Client, study: str, uri: str) -> None:
    metadata = instance(f"{study}.1.1") | {DOCUMENT: by_reference("OB", uri)}

    response = post(dicomweb, [metadata, instance(f"{study}.1.2")])

    assert response.status_code == 202
    reason, comment = failure(response)
    assert (reason, comment.split()[0]) == (CANNOT_UNDERSTAND, DOCUMENT)
    assert "none is fetched" in comment
    assert items(response, FAILED)[0]["00081155"]["Value"] == [f"{study}.1.1"]
    assert dicomweb.get(url(f"{study}.1.1")).status_code == 404


def test_parts_that_nothing_refers_to_are_a_failure_of_their_own(dicomweb: httpx.Client, study: str) -> None:
    response = post(dicomweb, [instance(f"{study}.1.1")], Bulk("a", b"x"), Bulk("b", b"y"))

    assert response.status_code == 202
    assert failure(response, OTHER_FAILURES)[1].startswith("2 parts")
    assert len(items(response, REFERENCED)) == 1


def test_two_parts_are_no_value(dicomweb: httpx.Client, study: str) -> None:
    metadata = instance(f"{study}.1.1") | {DOCUMENT: by_reference("OB", "d")}

    response = post(dicomweb, [metadata], Bulk("d", b"1"), Bulk("d", b"2"))

    assert response.status_code == 409
    assert "2 parts" in failure(response)[1]


def test_bulk_data_that_many_instances_share_are_not_multiplied_beyond_the_request(
    dicomweb_with: Callable[..., httpx.Client],
) -> None:
    dicomweb = dicomweb_with(max_request_bytes=20_000)
    shared = {DOCUMENT: by_reference("OB", "d")}

    response = post(dicomweb, [instance(f"1.1.{n}") | shared for n in range(6)], Bulk("d", b"x" * 6000))

    assert response.status_code == 202
    assert len(items(response, REFERENCED)) == 3


def test_a_part_larger_than_memory_holds_is_stored_like_any_other(dicomweb: httpx.Client, study: str) -> None:
    value = np.random.default_rng(1).bytes(5 * 2**20)
    metadata = instance(f"{study}.1.1") | {DOCUMENT: by_reference("OB", "d")}

    response = post(dicomweb, [metadata], Bulk("a", b""), Bulk("d", value), Bulk("e", b""))

    assert response.status_code == 202  # the other parts are nobody's
    assert stored(dicomweb, f"{study}.1.1").EncapsulatedDocument == value
