import httpx
import numpy as np
import pytest
from pydicom import Dataset

from tests.builders import (
    EXPLICIT,
    JPEG_2000,
    NATIVE_SYNTAXES,
    code_stream,
    ct_image,
    data_set,
    encapsulated,
    image,
    part10,
)
from tests.web.messages import parts_of, store, url

OCTETS = "application/octet-stream"
SINGLE = {"accept": OCTETS}
RAMP = np.arange(2 * 6 * 6, dtype=np.uint16).reshape(2, 6, 6) * 900
DOCUMENT = bytes(range(256)) * 8


@pytest.fixture
def document(dicomweb: httpx.Client, study: str) -> str:
    """The path of a long value in the second item of a sequence in a sequence."""
    inner, middle = Dataset(), Dataset()
    inner.EncapsulatedDocument = DOCUMENT
    middle.ReferencedImageSequence = [Dataset(), inner]
    store(dicomweb, part10(data_set(f"{study}.1.1", ReferencedStudySequence=[middle])))
    [metadata] = dicomweb.get(f"{url(f'{study}.1.1')}/metadata").json()
    uri: str = metadata["00081110"]["Value"][0]["00081140"]["Value"][1]["00420011"]["BulkDataURI"]
    return uri


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES)
def test_native_pixels_are_one_value_in_little_endian(
    dicomweb: httpx.Client, study: str, transfer_syntax: str
) -> None:
    store(dicomweb, part10(image(RAMP, f"{study}.1.1"), transfer_syntax))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/bulkdata/7FE00010")

    [part] = parts_of(response)
    assert part.content == RAMP.tobytes()
    assert part.headers["content-type"] == f"{OCTETS}; transfer-syntax={EXPLICIT}"
    assert part.headers["content-location"] == str(response.url)


def test_encapsulated_pixels_are_a_part_for_each_frame(dicomweb: httpx.Client, study: str) -> None:
    streams = [code_stream(name) for name in (b"first", b"second one")]
    store(dicomweb, part10(encapsulated([[stream] for stream in streams], uid=f"{study}.1.1"), JPEG_2000))
    [metadata] = dicomweb.get(f"{url(f'{study}.1.1')}/metadata").json()

    response = dicomweb.get(metadata["7FE00010"]["BulkDataURI"])

    assert [part.content for part in parts_of(response)] == streams


def test_a_value_at_any_depth_is_found_by_the_uri_in_the_metadata(
    dicomweb: httpx.Client, document: str
) -> None:
    response = dicomweb.get(document, headers=SINGLE)

    assert response.content == DOCUMENT
    assert response.headers["content-type"].startswith(OCTETS)
    assert response.headers["content-location"] == document


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES)
def test_long_text_is_bulkdata_too(dicomweb: httpx.Client, study: str, transfer_syntax: str) -> None:
    text = "long text " * 8000
    store(dicomweb, part10(data_set(f"{study}.1.1", TextValue=text), transfer_syntax))
    [metadata] = dicomweb.get(f"{url(f'{study}.1.1')}/metadata").json()

    response = dicomweb.get(metadata["0040A160"]["BulkDataURI"], headers=SINGLE)

    assert response.content == text.encode()


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        'multipart/related; type="*/*"',
        'multipart/related; type="application/octet-stream"',
        "multipart/related; type=application/octet-stream; transfer-syntax=*",
    ],
)
def test_what_real_clients_accept_gets_a_message(dicomweb: httpx.Client, document: str, accept: str) -> None:
    response = dicomweb.get(document, headers={"accept": accept})

    assert [part.content for part in parts_of(response)] == [DOCUMENT]


def test_the_accept_parameter_asks_for_the_value_itself(dicomweb: httpx.Client, document: str) -> None:
    assert dicomweb.get(document, params={"accept": OCTETS}).content == DOCUMENT


def test_another_media_type_is_not_acceptable(dicomweb: httpx.Client, document: str) -> None:
    response = dicomweb.get(document, headers={"accept": "image/jpeg"})

    assert response.status_code == 406
    assert response.json()["available"]


@pytest.mark.parametrize(
    "path", ["00100010", "7FE00010/1", "00081110/1/7FE00010", "nonsense", "..%2f..", "0" * 3000]
)
def test_a_path_that_names_no_value_is_not_found(dicomweb: httpx.Client, study: str, path: str) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1")))

    response = dicomweb.get(f"{url(f'{study}.1.1')}/bulkdata/{path}")

    assert response.status_code == 404
    assert response.json()["message"]


def test_an_instance_stored_again_after_others_still_has_its_own_values(empty_dicomweb: httpx.Client) -> None:
    first = part10(data_set("1.1.1", EncapsulatedDocument=DOCUMENT))
    other = part10(data_set("1.1.2", SeriesDescription="moves all values on", EncapsulatedDocument=DOCUMENT))
    path = f"{url('1.1.1')}/bulkdata/00420011"
    store(empty_dicomweb, first)
    before = empty_dicomweb.get(path, headers=SINGLE)

    empty_dicomweb.delete(url("1.1.1"))
    store(empty_dicomweb, other)
    store(empty_dicomweb, first)

    after = empty_dicomweb.get(path, headers=SINGLE)
    assert (before.content, after.content) == (DOCUMENT, DOCUMENT)
