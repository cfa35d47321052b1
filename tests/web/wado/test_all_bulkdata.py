from typing import Any

import httpx
import numpy as np
import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom import Dataset

from tests.builders import EXPLICIT, IMPLICIT, code_stream, data_set, encapsulated, float_image, image, part10
from tests.web import compressed
from tests.web.compressed import CT, HTJ2K, JPEG_2000, JPEG_LS, MPEG4, OCTETS
from tests.web.messages import Part, parts_of, store

RAMP = np.arange(2 * 6 * 6, dtype=np.uint16).reshape(2, 6, 6)
DOCUMENT = bytes(range(256)) * 8
PARTS = f'multipart/related; type="{OCTETS}"'
AS_STORED = {"accept": f"{PARTS}; transfer-syntax=*"}
DECODED = {"accept": PARTS}
LEVELS = ["studies/{0}", "studies/{0}/series/{0}.1", "studies/{0}/series/{0}.1/instances/{0}.1.1"]


def with_nested_values(uid: str) -> Dataset:
    """Return an image that has a document in an item of an item too."""
    inner, middle, dataset = Dataset(), Dataset(), image(RAMP, uid)
    inner.EncapsulatedDocument = DOCUMENT
    middle.ReferencedImageSequence = [Dataset(), inner]
    dataset.ReferencedStudySequence = [middle]
    return dataset


def uris(metadata: Any) -> list[str]:
    """Return the Bulkdata URIs of metadata, at every depth, in their order."""
    if isinstance(metadata, list):
        return [uri for instance in metadata for uri in uris(instance)]
    if not isinstance(metadata, dict):
        return []
    return [metadata["BulkDataURI"]] if "BulkDataURI" in metadata else uris(list(metadata.values()))


def locations(parts: list[Part]) -> list[str]:
    return [part.headers["content-location"] for part in parts]


@pytest.mark.parametrize("level", LEVELS)
def test_there_is_a_part_for_each_bulkdata_uri_of_the_metadata(
    dicomweb: httpx.Client, study: str, level: str
) -> None:
    store(dicomweb, part10(with_nested_values(f"{study}.1.1")))
    path = level.format(study)

    parts = parts_of(dicomweb.get(f"{path}/bulkdata"))

    assert locations(parts) == uris(dicomweb.get(f"{path}/metadata").json())
    assert [part.content for part in parts] == [DOCUMENT, RAMP.tobytes()]


@pytest.mark.parametrize("level", LEVELS)
def test_a_retrieve_as_octets_is_the_same(dicomweb: httpx.Client, study: str, level: str) -> None:
    store(dicomweb, part10(with_nested_values(f"{study}.1.1")))
    path = level.format(study)

    response = dicomweb.get(path, headers=DECODED)

    assert response.headers["content-type"].startswith(PARTS)
    assert response.content == dicomweb.get(f"{path}/bulkdata", headers=DECODED).content


@pytest.mark.parametrize("level", LEVELS)
def test_pixel_data_come_alone(dicomweb: httpx.Client, study: str, level: str) -> None:
    store(dicomweb, part10(with_nested_values(f"{study}.1.1")))

    [part] = parts_of(dicomweb.get(f"{level.format(study)}/pixeldata"))

    assert part.content == RAMP.tobytes()
    assert part.headers["content-location"].endswith("/bulkdata/7FE00010")


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_the_instances_come_in_the_order_of_their_numbers(
    dicomweb: httpx.Client, study: str, syntax: str
) -> None:
    for number in (2, 1, 3):
        store(dicomweb, part10(image(RAMP * number, f"{study}.1.{number}", InstanceNumber=number), syntax))

    parts = parts_of(dicomweb.get(f"studies/{study}/bulkdata"))

    assert [part.content for part in parts] == [(RAMP * number).tobytes() for number in (1, 2, 3)]


def test_compressed_frames_are_a_part_each_below_the_uri_of_the_whole(
    dicomweb: httpx.Client, study: str
) -> None:
    streams = [code_stream(name) for name in (b"first", b"second one")]
    store(dicomweb, part10(encapsulated([[stream] for stream in streams], uid=f"{study}.1.1"), JPEG_2000))

    parts = parts_of(dicomweb.get(f"studies/{study}/bulkdata", headers=AS_STORED))

    [uri] = uris(dicomweb.get(f"studies/{study}/metadata").json())
    assert locations(parts) == [f"{uri}/frames/1", f"{uri}/frames/2"]
    assert [part.content for part in parts] == streams
    assert {part.headers["content-type"] for part in parts} == {f"{OCTETS}; transfer-syntax={JPEG_2000}"}


def test_the_location_of_a_frame_leads_to_it(dicomweb: httpx.Client, study: str) -> None:
    streams = [code_stream(name) for name in (b"first", b"second one")]
    store(dicomweb, part10(encapsulated([[stream] for stream in streams], uid=f"{study}.1.1"), JPEG_2000))
    _, second = locations(parts_of(dicomweb.get(f"studies/{study}/pixeldata")))

    [part] = parts_of(dicomweb.get(second, headers=AS_STORED))

    assert part.content == streams[1]


def test_a_single_compressed_frame_stands_for_the_whole(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(encapsulated([[code_stream(b"only")]], uid=f"{study}.1.1"), JPEG_2000))

    [part] = parts_of(dicomweb.get(f"studies/{study}/bulkdata"))

    assert part.headers["content-type"] == f"image/jp2; transfer-syntax={JPEG_2000}"
    assert [part.headers["content-location"]] == uris(dicomweb.get(f"studies/{study}/metadata").json())


def test_compressed_pixels_are_decoded_when_no_transfer_syntax_is_named(
    dicomweb: httpx.Client, study: str
) -> None:
    compressed.store(dicomweb, study, compressed.compressed(CT), JPEG_2000)

    [part] = parts_of(dicomweb.get(f"studies/{study}/bulkdata", headers=DECODED))

    assert part.content == CT.tobytes()
    assert part.headers["content-type"] == f"{OCTETS}; transfer-syntax={EXPLICIT}"


@pytest.mark.parametrize("syntax", [JPEG_LS, HTJ2K])
def test_native_pixels_can_be_had_compressed(dicomweb: httpx.Client, study: str, syntax: str) -> None:
    compressed.store(dicomweb, study, compressed.image(CT))
    kind = compressed.MEDIA_TYPES[syntax]

    response = dicomweb.get(
        f"studies/{study}/pixeldata", headers={"accept": f'multipart/related; type="{kind}"'}
    )

    frames = [compressed.decoded(part.content, syntax) for part in parts_of(response)]
    np.testing.assert_array_equal(frames, CT)


def test_what_cannot_be_had_so_is_left_out_and_the_status_says_so(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(with_nested_values(f"{study}.1.1")))

    response = dicomweb.get(
        f"studies/{study}/bulkdata", headers={"accept": 'multipart/related; type="image/jls"'}
    )

    assert response.status_code == 206
    assert [part.headers["content-type"].split(";")[0] for part in parts_of(response)] == ["image/jls"] * 2


def test_a_video_goes_as_it_is_stored_and_says_so(dicomweb: httpx.Client, study: str) -> None:
    stream = b"\x00\x00\x00\x18ftypmp42" + bytes(100)
    video = encapsulated([[stream]], uid=f"{study}.1.1")
    store(dicomweb, part10(video, MPEG4))

    [part] = parts_of(dicomweb.get(f"studies/{study}/bulkdata", headers=DECODED))

    assert part.content == stream
    assert part.headers["content-type"] == f"{OCTETS}; transfer-syntax={MPEG4}"


def test_broken_pixels_go_as_they_are_stored_beside_others(dicomweb: httpx.Client, study: str) -> None:
    broken, whole = code_stream(b"not a picture"), compressed.compressed(CT)
    store(dicomweb, part10(encapsulated([[broken]], uid=f"{study}.1.1"), JPEG_2000))
    compressed.store(dicomweb, study, whole, JPEG_2000, number=2)

    response = dicomweb.get(f"studies/{study}/pixeldata", headers=DECODED)

    assert sorted(part.content for part in parts_of(response)) == sorted([broken, CT.tobytes()])


def test_pixels_that_are_broken_and_all_there_is_are_not_acceptable(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, part10(encapsulated([[code_stream(b"not a picture")]], uid=f"{study}.1.1"), JPEG_2000))
    accept = {"accept": f"{PARTS}; transfer-syntax={EXPLICIT}"}

    assert dicomweb.get(f"studies/{study}/pixeldata", headers=accept).status_code == 406


def test_pixels_of_floating_point_are_pixel_data_too(dicomweb: httpx.Client, study: str) -> None:
    values = np.linspace(-1, 1, 24).reshape(1, 4, 6).astype(np.float32)
    store(dicomweb, part10(float_image(values, f"{study}.1.1")))

    [part] = parts_of(dicomweb.get(f"studies/{study}/pixeldata"))

    assert part.content == values.tobytes()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("kind", ["bulkdata", "pixeldata"])
def test_where_there_are_none_nothing_is_found(
    dicomweb: httpx.Client, study: str, level: str, kind: str
) -> None:
    store(dicomweb, part10(data_set(f"{study}.1.1")))

    response = dicomweb.get(f"{level.format(study)}/{kind}")

    assert (response.status_code, response.json()["error"]) == (404, "NoBulkdata")


@pytest.mark.parametrize(
    "path", ["studies/9.9/bulkdata", "studies/{0}/series/9/pixeldata", "studies/nonsense/bulkdata"]
)
def test_what_is_not_here_is_not_found(dicomweb: httpx.Client, study: str, path: str) -> None:
    store(dicomweb, part10(image(RAMP, f"{study}.1.1")))

    assert dicomweb.get(path.format(study)).status_code in (400, 404)


def test_a_single_part_cannot_hold_several_values(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(with_nested_values(f"{study}.1.1")))

    response = dicomweb.get(f"studies/{study}/bulkdata", headers={"accept": OCTETS})

    assert response.status_code == 406
    assert response.json()["available"]


def test_the_tag_holds_and_head_has_no_body(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(image(RAMP, f"{study}.1.1")))
    path = f"studies/{study}/bulkdata"
    tag = dicomweb.get(path).headers["etag"]

    assert dicomweb.get(path, headers={"if-none-match": tag}).status_code == 304
    assert (dicomweb.head(path).headers["etag"], dicomweb.head(path).content) == (tag, b"")


def test_dicomweb_client_takes_the_values_apart(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(with_nested_values(f"{study}.1.1")))
    client = DICOMwebClient(str(dicomweb.base_url).rstrip("/"))

    values = client.retrieve_bulkdata(f"{client.base_url}/studies/{study}/bulkdata")

    assert values == [DOCUMENT, RAMP.tobytes()]
