"""Pixel data of one instance: as its Bulkdata URI, and as `pixeldata`, gives them."""

import httpx
import numpy as np
import pytest

from tests.builders import EXPLICIT, code_stream, ct_image, data_set, encapsulated, part10
from tests.web import compressed
from tests.web.compressed import CT, JPEG_2000, JPEG_LS, MPEG4, OCTETS
from tests.web.messages import parts_of, store, url

VIDEO = b"\x00\x00\x00\x18ftypmp42" + bytes(100)


@pytest.fixture(params=["pixeldata", "bulkdata/7FE00010"])
def resource(request: pytest.FixtureRequest) -> str:
    """Each of the two paths below an instance."""
    path: str = request.param
    return path


def test_native_pixels_come_alone_and_in_ranges(dicomweb: httpx.Client, study: str, resource: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    path = f"{url(f'{study}.1.1')}/{resource}"

    whole = dicomweb.get(path, headers={"accept": OCTETS})
    some = dicomweb.get(path, headers={"accept": OCTETS, "range": "bytes=2-9"})

    assert whole.content == ct_image().PixelData
    assert (some.status_code, some.content) == (206, whole.content[2:10])
    assert whole.headers["content-location"].endswith("/bulkdata/7FE00010")


def test_native_pixels_can_be_had_compressed(dicomweb: httpx.Client, study: str, resource: str) -> None:
    path = compressed.store(dicomweb, study, compressed.image(CT))

    response = dicomweb.get(f"{path}/{resource}", headers={"accept": 'multipart/related; type="image/jls"'})

    frames = [compressed.decoded(part.content, JPEG_LS) for part in parts_of(response)]
    np.testing.assert_array_equal(frames, CT)


def test_frames_are_decoded_into_one_value(dicomweb: httpx.Client, study: str, resource: str) -> None:
    path = compressed.store(dicomweb, study, compressed.compressed(CT), JPEG_2000)

    response = dicomweb.get(f"{path}/{resource}", headers={"accept": OCTETS})

    assert response.content == CT.tobytes()
    assert response.headers["content-type"] == f"{OCTETS}; transfer-syntax={EXPLICIT}"


def test_several_code_streams_are_no_single_part(dicomweb: httpx.Client, study: str, resource: str) -> None:
    path = compressed.store(dicomweb, study, compressed.compressed(CT), JPEG_2000)

    assert dicomweb.get(f"{path}/{resource}", headers={"accept": "image/jp2"}).status_code == 406


def test_a_single_code_stream_may_come_alone(dicomweb: httpx.Client, study: str, resource: str) -> None:
    stream = code_stream(b"only one")
    store(dicomweb, part10(encapsulated([[stream]], uid=f"{study}.1.1"), JPEG_2000))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/{resource}", headers={"accept": "image/jp2"})

    assert response.content == stream
    assert response.headers["content-type"] == f"image/jp2; transfer-syntax={JPEG_2000}"


def test_a_video_plays_from_it(dicomweb: httpx.Client, study: str, resource: str) -> None:
    store(dicomweb, part10(encapsulated([[VIDEO]], uid=f"{study}.1.1"), MPEG4))

    response = dicomweb.get(
        f"{url(f'{study}.1.1')}/{resource}?accept=video/mp4", headers={"range": "bytes=0-"}
    )

    assert (response.status_code, response.content) == (206, VIDEO)
    assert response.headers["content-type"].startswith("video/mp4")


def test_an_instance_without_pixels_has_no_pixel_data(
    dicomweb: httpx.Client, study: str, resource: str
) -> None:
    store(dicomweb, part10(data_set(f"{study}.1.1")))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/{resource}")

    assert response.status_code == 404
    assert response.json()["message"]
