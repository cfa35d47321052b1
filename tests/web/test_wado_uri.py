from io import BytesIO
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread

from tests.builders import EXPLICIT, IMPLICIT, data_set, image, part10
from tests.web import compressed
from tests.web.compressed import CT, JPEG_2000, JPEG_LS
from tests.web.messages import pixels, store, url

SQUARES = np.kron(np.array([[0, 80], [160, 240]], np.uint8), np.ones((8, 16), np.uint8))
PNG = {"contentType": "image/png"}
REPORT = "1.2.840.10008.5.1.4.1.1.88.11"


def ask(client: httpx.Client, uid: str, /, **parameters: Any) -> httpx.Response:
    """Ask for the instance with these UIDs; None takes a parameter away."""
    study, series, _ = uid.split(".")
    defaults = {"requestType": "WADO", "studyUID": study, "seriesUID": f"{study}.{series}", "objectUID": uid}
    query = {name: value for name, value in (defaults | parameters).items() if value is not None}
    return client.get("wado", params=query)


@pytest.fixture
def uid(dicomweb: httpx.Client, study: str) -> str:
    """An image of 16 rows and 32 columns, four squares of one gray each."""
    store(dicomweb, part10(image(SQUARES, f"{study}.1.1", PatientName="Doe^Jane")))
    return f"{study}.1.1"


@pytest.fixture
def film(dicomweb: httpx.Client, study: str) -> str:
    """An image of three frames, of which each is darker than the next."""
    frames = np.stack([np.full((4, 4), level, np.uint8) for level in (10, 100, 200)])
    store(dicomweb, part10(image(frames, f"{study}.1.1")))
    return f"{study}.1.1"


def test_the_default_is_a_jpeg(dicomweb: httpx.Client, uid: str) -> None:
    response = ask(dicomweb, uid)

    assert response.headers["content-type"] == "image/jpeg"
    assert imagecodecs.jpeg8_decode(response.content).shape == SQUARES.shape


def test_it_is_the_picture_of_the_rendered_resource(dicomweb: httpx.Client, uid: str) -> None:
    assert ask(dicomweb, uid, **PNG).content == dicomweb.get(f"{url(uid)}/rendered?accept=image/png").content


def test_it_answers_beside_the_base_url_too(dicomweb: httpx.Client, uid: str) -> None:
    below = ask(dicomweb, uid)

    beside = dicomweb.get(below.url.copy_with(path="/wado"))

    assert (below.url.path, beside.content) == ("/dicom-web/wado", below.content)


def test_the_accept_field_counts_where_no_content_type_is_named(dicomweb: httpx.Client, uid: str) -> None:
    link = ask(dicomweb, uid).url

    types = [
        dicomweb.get(link, headers={"accept": accept}).headers["content-type"]
        for accept in ("image/png", "application/dicom", "text/html, image/*, */*; q=0.8")
    ]

    assert types == ["image/png", f"application/dicom; transfer-syntax={EXPLICIT}", "image/jpeg"]


def test_the_first_content_type_that_can_be_had_is_sent(dicomweb: httpx.Client, uid: str) -> None:
    response = ask(dicomweb, uid, contentType="image/jp2,image/png")

    assert response.headers["content-type"] == "image/png"


def test_application_dicom_is_the_file(dicomweb: httpx.Client, uid: str) -> None:
    response = ask(dicomweb, uid, contentType="application/dicom")

    assert response.headers["content-type"].startswith("application/dicom")
    assert response.content == part10(image(SQUARES, uid, PatientName="Doe^Jane"))


def test_the_file_comes_in_the_transfer_syntax_asked_for(dicomweb: httpx.Client, study: str) -> None:
    compressed.store(dicomweb, study, compressed.compressed(CT), JPEG_2000)
    syntaxes = {None: EXPLICIT, EXPLICIT: EXPLICIT, JPEG_LS: JPEG_LS, JPEG_2000: JPEG_2000, "*": JPEG_2000}

    files = [
        ask(dicomweb, f"{study}.1.1", contentType="application/dicom", transferSyntax=syntax)
        for syntax in syntaxes
    ]

    stored_in = [dcmread(BytesIO(file.content)).file_meta.TransferSyntaxUID for file in files]
    assert stored_in == list(syntaxes.values())


def test_a_transfer_syntax_that_is_never_sent_is_not_acceptable(dicomweb: httpx.Client, uid: str) -> None:
    response = ask(dicomweb, uid, contentType="application/dicom", transferSyntax=IMPLICIT)

    assert response.status_code == 406


def test_names_in_any_case_and_without_a_value_do(dicomweb: httpx.Client, uid: str) -> None:
    study, series, _ = uid.split(".")

    response = dicomweb.get(
        f"wado?REQUESTTYPE=wado&studyuid={study}&SeriesUID={study}.{series}&OBJECTUID={uid}&rows=&WINDOWCENTER="
    )

    assert response.headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("parameters", "shape"),
    [
        ({"rows": 8}, (8, 16)),
        ({"columns": 16}, (8, 16)),
        ({"rows": 100, "columns": 16}, (8, 16)),
        ({"region": "0,0,0.5,1"}, (16, 16)),
        ({"region": "0.25,0.25,0.75,0.75", "rows": 4}, (4, 8)),
        ({"region": "0.999,0.999,1,1"}, (1, 1)),
    ],
    ids=str,
)
def test_rows_columns_and_region_bound_the_picture(
    dicomweb: httpx.Client, uid: str, parameters: dict[str, Any], shape: tuple[int, int]
) -> None:
    assert pixels(ask(dicomweb, uid, **PNG, **parameters)).shape == shape


def test_a_region_is_cut_out_pixel_by_pixel(dicomweb: httpx.Client, uid: str) -> None:
    levels = pixels(ask(dicomweb, uid, **PNG, region="0.5,0,1,0.5"))

    np.testing.assert_array_equal(levels, SQUARES[:8, 16:])


def test_a_window_replaces_that_of_the_file(dicomweb: httpx.Client, uid: str) -> None:
    levels = pixels(ask(dicomweb, uid, **PNG, windowCenter="120", windowWidth="1"))

    np.testing.assert_array_equal(levels, np.where(SQUARES > 119, 255, 0))


def test_a_lower_quality_is_a_smaller_picture(dicomweb: httpx.Client, uid: str) -> None:
    sizes = [len(ask(dicomweb, uid, imageQuality=quality).content) for quality in (5, 100)]

    assert sizes == sorted(sizes)
    assert sizes[0] < sizes[1]


def test_annotation_is_burnt_in(dicomweb: httpx.Client, uid: str) -> None:
    large = PNG | {"rows": 200}

    plain, annotated = ask(dicomweb, uid, **large), ask(dicomweb, uid, **large, annotation="patient")

    assert (pixels(plain) != pixels(annotated)).any()


def test_a_frame_is_named_by_its_number(dicomweb: httpx.Client, film: str) -> None:
    first, third = (pixels(ask(dicomweb, film, **PNG, frameNumber=number)) for number in (1, 3))

    assert (first[0, 0], third[0, 0]) == (10, 200)
    np.testing.assert_array_equal(pixels(ask(dicomweb, film, **PNG)), first)


def test_a_report_is_text(dicomweb: httpx.Client, study: str) -> None:
    report = data_set(f"{study}.1.1", SOPClassUID=REPORT, ValueType="CONTAINER")
    report.ContentSequence = [data_set(f"{study}.1.2", ValueType="TEXT", TextValue="nothing to see")]
    store(dicomweb, part10(report))

    response = ask(dicomweb, f"{study}.1.1")

    assert response.headers["content-type"].startswith("text/html")
    assert "nothing to see" in response.text


@pytest.mark.parametrize(
    "parameters",
    [
        {"requestType": None},
        {"requestType": "XDS"},
        {"studyUID": None},
        {"seriesUID": ""},
        {"objectUID": None},
        {"objectUID": "../../etc"},
        {"windowCenter": "40"},
        {"windowWidth": "400"},
        {"windowCenter": "middle", "windowWidth": "400"},
        {"windowCenter": "40", "windowWidth": "0"},
        {"rows": "0"},
        {"rows": "-1"},
        {"columns": "wide"},
        {"rows": "65535", "columns": "65535"},
        {"region": "0,0,1"},
        {"region": "0,0,0,1"},
        {"region": "0,0,1.5,1"},
        {"region": "nan,0,1,1"},
        {"frameNumber": "0"},
        {"frameNumber": "2"},
        {"frameNumber": "1,2"},
        {"imageQuality": "101"},
        {"annotation": "!"},
        {"anonymize": "yes"},
        {"presentationUID": "1.2"},
        {"presentationSeriesUID": "1.2"},
        {"contentType": "application/dicom", "transferSyntax": "1.2, image/png"},
    ],
    ids=str,
)
def test_what_makes_no_sense_or_is_not_done_is_refused(
    dicomweb: httpx.Client, uid: str, parameters: dict[str, str | None]
) -> None:
    response = ask(dicomweb, uid, **parameters)

    assert response.status_code == 400
    assert "expected" in response.json()["message"] or "window" in response.json()["message"]


@pytest.mark.parametrize("name", ["studyUID", "seriesUID", "objectUID"])
@pytest.mark.parametrize("content_type", [None, "application/dicom"])
def test_what_is_not_here_is_not_found(
    dicomweb: httpx.Client, uid: str, name: str, content_type: str | None
) -> None:
    assert ask(dicomweb, uid, contentType=content_type, **{name: "9.9.9"}).status_code == 404


def test_a_content_type_that_cannot_be_had_is_not_acceptable(dicomweb: httpx.Client, uid: str) -> None:
    response = ask(dicomweb, uid, contentType="text/html")

    assert response.status_code == 406
    assert "image/jpeg" in response.json()["available"]


def test_what_has_no_picture_can_still_be_had_as_a_file(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(data_set(f"{study}.1.1")))

    shown, file = (
        ask(dicomweb, f"{study}.1.1", contentType=content_type)
        for content_type in (None, "application/dicom")
    )

    assert (shown.status_code, file.status_code) == (406, 200)


def test_the_picture_has_a_tag_that_holds(dicomweb: httpx.Client, uid: str) -> None:
    first = ask(dicomweb, uid)

    again = dicomweb.get(first.url, headers={"if-none-match": first.headers["etag"]})

    assert (again.status_code, again.content) == (304, b"")
