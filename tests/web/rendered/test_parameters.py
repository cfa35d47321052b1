"""What a request for a picture may ask for, and what it is told when it asks for something else."""

import httpx
import imagecodecs
import numpy as np
import pytest

from tests.builders import ct_image, data_set, image, part10
from tests.web.messages import pixels, store, url

PNG = {"accept": "image/png"}


@pytest.fixture
def ct(dicomweb: httpx.Client, study: str) -> str:
    """The path of a stored CT slice of 8 × 8 pixels."""
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    return url(f"{study}.1.1")


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("image/avif,image/webp,image/apng,image/*,*/*;q=0.8", "image/jpeg"),
        ("image/png;q=0.9, image/jpeg;q=0.8", "image/png"),
        ("image/jpeg", "image/jpeg"),
    ],
)
def test_the_media_type_is_negotiated(
    dicomweb: httpx.Client, ct: str, accept: str, content_type: str
) -> None:
    response = dicomweb.get(f"{ct}/rendered", headers={"accept": accept})

    assert response.headers["content-type"] == content_type


@pytest.mark.parametrize("path", ["rendered", "thumbnail"])
def test_the_accept_parameter_wins_over_the_header(dicomweb: httpx.Client, ct: str, path: str) -> None:
    response = dicomweb.get(f"{ct}/{path}?accept=image/png", headers={"accept": "image/jpeg"})

    assert response.headers["content-type"] == "image/png"


def test_a_lower_quality_makes_a_smaller_jpeg(dicomweb: httpx.Client, study: str) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (64, 64), np.uint8)
    store(dicomweb, part10(image(noise, f"{study}.1.1")))

    sizes = [
        len(dicomweb.get(f"{url(f'{study}.1.1')}/rendered?quality={quality}").content)
        for quality in (5, 50, 100)
    ]

    assert sizes == sorted(set(sizes))


@pytest.mark.parametrize(
    "query",
    [
        "window=1",
        "window=1,2",
        "window=1,2,LINEAR",
        "window=1,2,linear_exact",
        "window=a,2,linear",
        "window=nan,2,linear",
        "window=1,0.5,linear",
        "window=1,0,sigmoid",
        "window=1,-5,linear-exact",
        "viewport=0,5",
        "viewport=5",
        "viewport=5,x",
        "viewport=-5,5",
        "viewport=5,5,0,0,0,5",
        "viewport=5,5,100,100,5,5",
        "viewport=5,5,0,0,5,5,5",
        "viewport=99999999999,99999999999",
        "quality=0",
        "quality=101",
        "quality=best",
        "iccprofile=best",
        "window=",
        "viewport=",
        "quality=",
        "iccprofile=",
        "annotation=",
    ],
)
def test_a_parameter_the_standard_does_not_know_is_a_bad_request(
    dicomweb: httpx.Client, ct: str, query: str
) -> None:
    response = dicomweb.get(f"{ct}/rendered?{query}", headers=PNG)

    assert response.status_code == 400
    assert response.json()["message"]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("frames/4/rendered", 404),
        ("frames/0/rendered", 400),
        ("frames/4/thumbnail", 404),
        ("frames/x/rendered", 400),
    ],
)
def test_a_frame_that_is_not_there_has_no_picture(
    dicomweb: httpx.Client, ct: str, path: str, status: int
) -> None:
    assert dicomweb.get(f"{ct}/{path}").status_code == status


def test_an_instance_without_pixels_has_no_picture(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(data_set(f"{study}.1.1")))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/rendered")

    assert response.status_code == 406
    assert "neither pixels" in response.json()["message"]


@pytest.mark.parametrize("accept", ["image/jpeg, application/dicom", "application/dicom, image/png;q=0.1"])
@pytest.mark.parametrize("path", ["", "/rendered", "/thumbnail", "/frames/1/rendered"])
def test_dicom_and_rendered_types_in_one_request_are_a_bad_request(
    dicomweb: httpx.Client, ct: str, path: str, accept: str
) -> None:
    by_header = dicomweb.get(f"{ct}{path}", headers={"accept": accept})
    by_parameter = dicomweb.get(f"{ct}{path}", params={"accept": accept})

    assert (by_header.status_code, by_parameter.status_code) == (400, 400)
    assert "rendered media type" in by_header.json()["message"]


@pytest.mark.parametrize("path", ["rendered", "frames/1/rendered", "thumbnail", "frames/1/thumbnail"])
def test_a_picture_can_be_a_jpeg_2000_file(dicomweb: httpx.Client, ct: str, path: str) -> None:
    whole, response = (
        dicomweb.get(f"{ct}/{path}", headers={"accept": accept}) for accept in ("image/png", "image/jp2")
    )

    assert response.headers["content-type"] == "image/jp2"
    assert response.content[4:12] == b"jP  \r\n\x87\n"
    np.testing.assert_allclose(
        imagecodecs.jpeg2k_decode(response.content).astype(int), pixels(whole).astype(int), atol=16
    )


def test_the_quality_of_a_jpeg_2000_file_ends_without_loss(dicomweb: httpx.Client, study: str) -> None:
    noise = np.random.default_rng(5).integers(0, 256, (64, 64), np.uint8)
    store(dicomweb, part10(image(noise, f"{study}.1.1")))

    files = [
        dicomweb.get(f"{url(f'{study}.1.1')}/rendered?accept=image/jp2&quality={quality}").content
        for quality in (5, 50, 100)
    ]

    assert [len(file) for file in files] == sorted({len(file) for file in files})
    np.testing.assert_array_equal(imagecodecs.jpeg2k_decode(files[-1]), noise)


@pytest.mark.parametrize("accept", ["application/dicom", "image/jpeg;q=0", "text/html", "image/webp"])
def test_other_media_types_are_not_acceptable_and_the_answer_lists_what_is(
    dicomweb: httpx.Client, ct: str, accept: str
) -> None:
    response = dicomweb.get(f"{ct}/rendered", headers={"accept": accept})

    assert response.status_code == 406
    assert {"image/jpeg", "image/png"} <= set(response.json()["available"])


def test_a_thumbnail_has_a_viewport_and_no_region(dicomweb: httpx.Client, ct: str) -> None:
    small, cut = (
        dicomweb.get(f"{ct}/thumbnail?viewport={viewport}", headers=PNG)
        for viewport in ("4,4", "4,4,0,0,2,2")
    )

    assert pixels(small).shape == (4, 4)
    assert cut.status_code == 400


def test_a_description_that_does_not_fit_the_pixels_is_answered_and_not_believed(
    dicomweb: httpx.Client, study: str
) -> None:
    lying = ct_image(f"{study}.1.1")
    lying.Rows = lying.Columns = 65535
    store(dicomweb, part10(lying))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/rendered")

    assert 400 <= response.status_code < 500
    assert response.json()["message"]
