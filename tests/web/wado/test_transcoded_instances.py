import zlib
from io import BytesIO

import httpx
import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import EnhancedSRStorage

from tests.web.compressed import (
    CT,
    DEFLATED_FRAMES,
    DICOM,
    EXPLICIT,
    GRAY,
    JPEG,
    JPEG_2000,
    JPEG_LS,
    MEDIA_TYPES,
    MPEG4,
    OCTETS,
    RLE,
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


BITS = np.random.default_rng(7).integers(0, 2, (3, 5, 7), np.uint8)


@pytest.mark.parametrize("accept", [DICOM, f"{DICOM}; transfer-syntax={EXPLICIT}"])
def test_a_compressed_instance_can_be_had_decoded(client: httpx.Client, study: str, accept: str) -> None:
    path = store(client, study, compressed(CT, PatientName="Doe^Jane"), JPEG_2000)

    response = get(client, path, accept)

    dataset = pydicom.dcmread(BytesIO(response.content))
    assert response.headers["content-type"] == f"{DICOM}; transfer-syntax={EXPLICIT}"
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT
    assert (dataset.SOPInstanceUID, dataset.PatientName) == (f"{study}.1.1", "Doe^Jane")
    assert dataset.PixelData == CT.tobytes()


@pytest.mark.parametrize("transfer_syntax", MEDIA_TYPES)
def test_a_native_instance_can_be_had_in_every_lossless_transfer_syntax(
    client: httpx.Client, study: str, transfer_syntax: str
) -> None:
    path = store(client, study, image(CT))

    response = get(client, path, f"{DICOM}; transfer-syntax={transfer_syntax}")

    dataset = pydicom.dcmread(BytesIO(response.content))
    assert dataset.file_meta.TransferSyntaxUID == transfer_syntax
    assert dataset.SOPInstanceUID == f"{study}.1.1"
    streams = generate_frames(dataset.PixelData, number_of_frames=len(CT))
    for stream, expected in zip(streams, CT, strict=True):
        np.testing.assert_array_equal(decoded(stream, transfer_syntax), expected)


def test_a_lossy_instance_is_a_new_one(client: httpx.Client, study: str) -> None:
    path = store(client, study, image(GRAY))

    files = [get(client, path, f"{DICOM}; transfer-syntax={JPEG}").content for _ in range(2)]

    dataset = pydicom.dcmread(BytesIO(files[0]))
    assert files[0] == files[1]
    assert dataset.SOPInstanceUID == dataset.file_meta.MediaStorageSOPInstanceUID != f"{study}.1.1"
    assert dataset.SourceImageSequence[0].ReferencedSOPInstanceUID == f"{study}.1.1"
    assert (dataset.LossyImageCompression, dataset.LossyImageCompressionMethod) == ("01", "ISO_10918_1")
    assert np.abs(dataset.pixel_array.astype(int) - GRAY).max() < 8


def test_frames_of_single_bits_follow_each_other_without_a_gap(client: httpx.Client, study: str) -> None:
    streams = []
    for frame in BITS:
        packer = zlib.compressobj(wbits=-15)
        streams.append(packer.compress(np.packbits(frame, bitorder="little").tobytes()) + packer.flush())
    one_bit = {"BitsAllocated": 1, "BitsStored": 1, "HighBit": 0, "PixelData": encapsulate(streams)}
    path = store(client, study, image(BITS, **one_bit), DEFLATED_FRAMES)

    file, value = (get(client, link, f"{kind}; transfer-syntax={EXPLICIT}").content for link, kind in (
        (path, DICOM), (f"{path}/bulkdata/7FE00010", OCTETS)))  # fmt: skip

    np.testing.assert_array_equal(pydicom.dcmread(BytesIO(file)).pixel_array, BITS)
    assert value == np.packbits(BITS, bitorder="little").tobytes()


def test_each_representation_has_its_own_tag(client: httpx.Client, study: str) -> None:
    path = store(client, study, compressed(CT), JPEG_2000)
    accepts = [DICOM, f"{DICOM}; transfer-syntax=*", f"{DICOM}; transfer-syntax={RLE}"]

    tags = [get(client, path, accept).headers["etag"] for accept in accepts]

    again = client.get(path, headers={"accept": accepts[2], "if-none-match": tags[2]})
    assert len(set(tags)) == 3
    assert (again.status_code, again.content) == (304, b"")


BROKEN = {"PixelData": encapsulate([b"\xff\x4f\xff\x51 no stream at all "] * 3)}


@pytest.mark.parametrize("accept", [DICOM, f'multipart/related; type="{DICOM}"'])
def test_an_instance_that_cannot_be_decoded_comes_as_it_is_stored(
    client: httpx.Client, study: str, accept: str
) -> None:
    path = store(client, study, compressed(CT, **BROKEN), JPEG_2000)

    response = get(client, path, accept)

    stored = get(client, path, f"{accept}; transfer-syntax=*")
    assert (response.status_code, response.content) == (200, stored.content)
    assert response.headers["etag"] == stored.headers["etag"]


@pytest.mark.parametrize(
    ("path", "accept"),
    [
        ("", f"{DICOM}; transfer-syntax={EXPLICIT}"),
        ("", f'multipart/related; type="{DICOM}"; transfer-syntax={JPEG_LS}'),
        ("/frames/1", OCTETS),
        ("/frames/1,2", f'multipart/related; type="{OCTETS}"'),
        ("/bulkdata/7FE00010", OCTETS),
    ],
)
def test_pixels_that_cannot_be_decoded_are_one_clear_error(
    client: httpx.Client, study: str, path: str, accept: str
) -> None:
    instance = store(client, study, compressed(CT, **BROKEN), JPEG_2000)

    response = get(client, instance + path, accept)

    assert (response.status_code, response.json()["error"]) == (406, "UndecodableFrame")


def test_a_later_frame_of_another_size_is_noticed_before_the_first_byte(
    client: httpx.Client, study: str
) -> None:
    smaller = compressed(CT[:, :9])
    streams = [*generate_frames(compressed(CT).PixelData, number_of_frames=3)][:2]
    streams += [*generate_frames(smaller.PixelData, number_of_frames=3)][:1]
    path = store(client, study, compressed(CT, PixelData=encapsulate(streams)), JPEG_2000)

    response = get(client, path, f"{DICOM}; transfer-syntax={EXPLICIT}")

    assert response.status_code == 406
    assert "9 rows" in response.json()["message"]


def test_a_series_comes_in_the_transfer_syntax_asked_for(client: httpx.Client, study: str) -> None:
    store(client, study, image(CT), number=1)
    store(client, study, compressed(CT), JPEG_2000, number=2)

    response = get(client, f"studies/{study}", f'multipart/related; type="{DICOM}"; transfer-syntax={RLE}')

    parts = parts_of(response)
    assert response.status_code == 200
    assert [kind for kind, _ in parts] == [f"{DICOM}; transfer-syntax={RLE}"] * 2
    for _, file in parts:
        np.testing.assert_array_equal(pydicom.dcmread(BytesIO(file)).pixel_array, CT)


def test_a_series_is_decoded_for_those_who_name_no_transfer_syntax(client: httpx.Client, study: str) -> None:
    store(client, study, compressed(CT, **BROKEN), JPEG_2000, number=1)
    store(client, study, compressed(CT), JPEG_2000, number=2)

    parts = parts_of(get(client, f"studies/{study}", f'multipart/related; type="{DICOM}"'))

    syntaxes = [kind.partition("transfer-syntax=")[2] for kind, _ in parts]
    assert syntaxes == [JPEG_2000, EXPLICIT]
    assert pydicom.dcmread(BytesIO(parts[1][1])).PixelData == CT.tobytes()


def test_instances_that_cannot_be_had_so_are_left_out_and_the_status_says_so(
    client: httpx.Client, study: str
) -> None:
    report = Dataset()
    report.SOPClassUID = EnhancedSRStorage
    store(client, study, report, number=1)
    store(client, study, image(CT), number=2)
    accept = f'multipart/related; type="{DICOM}"; transfer-syntax={JPEG_LS}'

    some = get(client, f"studies/{study}", accept)
    none = get(client, f"studies/{study}", accept.replace(JPEG_LS, MPEG4))

    assert (some.status_code, len(parts_of(some)), none.status_code) == (206, 1, 406)


def test_a_video_comes_as_it_is_stored(client: httpx.Client, study: str) -> None:
    path = store(client, study, image(CT, PixelData=encapsulate([b"a video"])), MPEG4)

    decoded_frame = get(client, f"{path}/frames/1", OCTETS)

    assert f"transfer-syntax={MPEG4}" in get(client, path, DICOM).headers["content-type"]
    assert decoded_frame.status_code == 406


def broken_rle() -> Dataset:
    """Return an image of three frames, the second of which ends before its pixels do."""
    frames = [bytes(np.array([1, 64, *[0] * 14], "<u4")) + b"\x81\1" * runs for runs in (2, 1, 2)]
    return image(np.zeros((3, 16, 16), np.uint8), PixelData=encapsulate(frames))


def test_an_instance_whose_second_frame_is_broken_goes_as_it_is_stored_and_never_half(
    client: httpx.Client, study: str
) -> None:
    path = store(client, study, broken_rle(), RLE)

    answer = get(client, path, DICOM)

    assert answer.headers["content-type"] == f"{DICOM}; transfer-syntax={RLE}"
    assert len(list(generate_frames(pydicom.dcmread(BytesIO(answer.content)).PixelData))) == 3


@pytest.mark.parametrize(
    ("name", "accept"),
    [
        ("", f"{DICOM}; transfer-syntax={EXPLICIT}"),
        ("/bulkdata/7FE00010", f"{OCTETS}; transfer-syntax={EXPLICIT}"),
        ("/frames/1,2,3", f'multipart/related; type="{OCTETS}"; transfer-syntax={EXPLICIT}'),
    ],
)
def test_what_has_to_be_decoded_and_cannot_is_refused_before_the_answer_begins(
    client: httpx.Client, study: str, name: str, accept: str
) -> None:
    path = store(client, study, broken_rle(), RLE)

    answer = get(client, f"{path}{name}", accept)

    assert (answer.status_code, "128 bytes: expected 256" in answer.text) == (406, True)


@pytest.mark.parametrize("number", [1, 2, 5])
def test_frames_that_are_there_are_served_whatever_their_number_is_said_to_be(
    client: httpx.Client, study: str, number: int
) -> None:
    path = store(client, study, compressed(CT, NumberOfFrames=number), JPEG_2000)

    answer = get(client, path, f"{DICOM}; transfer-syntax={EXPLICIT}")
    instance = pydicom.dcmread(BytesIO(answer.content))

    assert (instance.NumberOfFrames, instance.PixelData) == (3, CT.tobytes())
    for index in range(3):
        frame = get(client, f"{path}/frames/{index + 1}", f"{OCTETS}; transfer-syntax={EXPLICIT}")
        assert frame.content == CT[index].tobytes()
    assert client.get(f"{path}/frames/4").status_code == 404
