import httpx
import numpy as np
import pytest

from tests.web.compressed import (
    CT,
    EXPLICIT,
    GRAY,
    JPEG,
    JPEG_2000,
    JPEG_LOSSLESS,
    JPEG_LS,
    MEDIA_TYPES,
    OCTETS,
    OTHERS,
    compressed,
    decoded,
    get,
    image,
    parts_of,
    store,
)


@pytest.fixture
def client(dicomweb: httpx.Client) -> httpx.Client:
    return dicomweb


@pytest.mark.parametrize(
    "accept",
    [
        OCTETS,
        f"{OCTETS}; transfer-syntax={EXPLICIT}",
        f"image/png, {OCTETS}; transfer-syntax={EXPLICIT}; q=0.5",
    ],
)
def test_a_compressed_frame_can_be_had_as_its_values(client: httpx.Client, study: str, accept: str) -> None:
    path = store(client, study, compressed(CT), JPEG_2000)

    response = get(client, f"{path}/frames/2", accept)

    assert response.content == CT[1].tobytes()
    assert response.headers["content-type"] == f"{OCTETS}; transfer-syntax={EXPLICIT}"


@pytest.mark.parametrize("transfer_syntax", MEDIA_TYPES)
def test_a_native_frame_can_be_had_in_every_lossless_transfer_syntax(
    client: httpx.Client, study: str, transfer_syntax: str
) -> None:
    path, media_type = store(client, study, image(CT)), MEDIA_TYPES[transfer_syntax]
    accept = f'multipart/related; type="{media_type}"; transfer-syntax={transfer_syntax}'

    parts = parts_of(get(client, f"{path}/frames/1,3", accept))

    assert [kind for kind, _ in parts] == [f"{media_type}; transfer-syntax={transfer_syntax}"] * 2
    for (_, stream), expected in zip(parts, CT[[0, 2]], strict=True):
        np.testing.assert_array_equal(decoded(stream, transfer_syntax), expected)


@pytest.mark.parametrize("transfer_syntax", OTHERS)
def test_a_compressed_frame_can_be_had_in_another_compression(
    client: httpx.Client, study: str, transfer_syntax: str
) -> None:
    path = store(client, study, compressed(CT), JPEG_2000)

    response = get(client, f"{path}/frames/2", MEDIA_TYPES[transfer_syntax])

    np.testing.assert_array_equal(decoded(response.content, transfer_syntax), CT[1])


@pytest.mark.parametrize(
    ("accept", "expected"),
    [
        ("*/*", EXPLICIT),
        ('multipart/related; type="*/*"', EXPLICIT),
        (f"{OCTETS}; transfer-syntax=*", JPEG_2000),
        (f"image/jls; transfer-syntax={JPEG_LS}, image/jp2; transfer-syntax={JPEG_2000}", JPEG_2000),
        (f"image/jls; transfer-syntax={JPEG_LS}; q=0.9, image/jp2; q=0.8", JPEG_LS),
        (f"image/jls; transfer-syntax={JPEG_LS}; transfer-syntax=*", JPEG_LS),
        (f"image/jpeg; transfer-syntax={JPEG}, {OCTETS}; transfer-syntax=*; q=0.1", JPEG),
        (f"image/jpeg, {OCTETS}; q=0.1", JPEG_LOSSLESS),
        ("image/*", JPEG_2000),
    ],
)
def test_what_is_stored_is_preferred_and_what_loses_values_has_to_be_named(
    client: httpx.Client, study: str, accept: str, expected: str
) -> None:
    path = store(client, study, compressed(GRAY), JPEG_2000)

    response = get(client, f"{path}/frames/1", accept)

    assert f"transfer-syntax={expected}" in response.headers["content-type"] + str(parts_or_none(response))


def parts_or_none(response: httpx.Response) -> list[str]:
    multipart = response.headers["content-type"].startswith("multipart")
    return [kind for kind, _ in parts_of(response)] if multipart else []


def test_what_the_data_do_not_allow_is_not_acceptable(client: httpx.Client, study: str) -> None:
    path = store(client, study, image(CT))

    response = get(client, f"{path}/frames/1", f"image/jpeg; transfer-syntax={JPEG}")

    assert response.status_code == 406
    assert f"image/jls; transfer-syntax={JPEG_LS}" in response.json()["available"]
    assert not any(JPEG in offer for offer in response.json()["available"])


def test_compressed_pixels_can_be_had_as_one_value(client: httpx.Client, study: str) -> None:
    path = f"{store(client, study, compressed(CT), JPEG_2000)}/bulkdata/7FE00010"

    single, message = get(client, path, OCTETS), get(client, path, f'multipart/related; type="{OCTETS}"')

    assert single.content == CT.tobytes()
    assert int(single.headers["content-length"]) == CT.nbytes
    assert parts_of(message) == [(f"{OCTETS}; transfer-syntax={EXPLICIT}", CT.tobytes())]
