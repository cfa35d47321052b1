"""The same client, getting instances, frames, bulk data and pictures in each form that it can ask for."""

from io import BytesIO
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from requests import HTTPError

from tests.builders import EXPLICIT, JPEG_2000
from tests.clients.holdings import (
    COMPRESSED,
    CT,
    DOCUMENT,
    FILES,
    FILM,
    GRAY,
    JPEG,
    JPEG_LS,
    LEVELS,
    MPEG_4,
    MULTIFRAME,
    NEXT_CT,
    PALETTE,
    PDF,
    PIXELS,
    RLE,
    STREAMS,
    TABLE,
    VIDEO,
    decoded,
    names,
)

MediaTypes = tuple[str | tuple[str, str], ...] | None
OCTETS = "application/octet-stream"
PICTURES = {"image/jpeg": b"\xff\xd8", "image/png": b"\x89PNG", "image/gif": b"GIF8"}


def test_it_retrieves_instances_series_and_studies(reader: DICOMwebClient) -> None:
    instance = reader.retrieve_instance(*names(CT))
    series = reader.retrieve_series("1", "1.1")
    study = reader.retrieve_study("1")

    assert instance == pydicom.dcmread(BytesIO(FILES[CT]))
    assert sorted(instance.SOPInstanceUID for instance in series) == [CT, NEXT_CT]
    assert sorted(instance.SOPInstanceUID for instance in study) == [CT, NEXT_CT, MULTIFRAME]


def test_it_retrieves_series_and_studies_one_instance_after_the_other(reader: DICOMwebClient) -> None:
    as_stored = (("application/dicom", "*"),)

    series = list(reader.iter_series("2", "2.1", media_types=as_stored))
    study = list(reader.iter_study("2", media_types=as_stored))

    assert series == [pydicom.dcmread(BytesIO(FILES[COMPRESSED]))]
    assert len(study) == 5


@pytest.mark.parametrize(
    ("media_types", "transfer_syntax"),
    [
        (None, JPEG_2000),
        ((("application/dicom", "*"),), JPEG_2000),
        ((("application/dicom", JPEG_2000),), JPEG_2000),
        (("application/dicom",), EXPLICIT),
        ((("application/dicom", EXPLICIT),), EXPLICIT),
        ((("application/dicom", JPEG_LS),), JPEG_LS),
        ((("application/dicom", RLE),), RLE),
    ],
)
def test_it_retrieves_an_instance_in_the_transfer_syntax_it_names(
    reader: DICOMwebClient, media_types: MediaTypes, transfer_syntax: str
) -> None:
    dataset = reader.retrieve_instance(*names(COMPRESSED), media_types=media_types)

    assert dataset.file_meta.TransferSyntaxUID == transfer_syntax
    assert (dataset.SOPInstanceUID, dataset.NumberOfFrames) == (COMPRESSED, 3)


@pytest.mark.parametrize("media_types", [None, (OCTETS,), ((OCTETS, "*"),), ((OCTETS, EXPLICIT),)], ids=str)
def test_it_retrieves_native_frames(reader: DICOMwebClient, media_types: MediaTypes) -> None:
    frames = reader.retrieve_instance_frames(*names(MULTIFRAME), [1, 3], media_types=media_types)

    assert frames == [PIXELS[0].tobytes(), PIXELS[2].tobytes()]


@pytest.mark.parametrize("media_types", [None, ("*/*",), (OCTETS,)], ids=str)
def test_it_retrieves_compressed_frames_decoded_unless_it_says_otherwise(
    reader: DICOMwebClient, media_types: MediaTypes
) -> None:
    frames = reader.retrieve_instance_frames(*names(COMPRESSED), [1, 2], media_types=media_types)

    assert [len(frame) for frame in frames] == [PIXELS[0].nbytes] * 2


@pytest.mark.parametrize(
    "media_types",
    [((OCTETS, "*"),), ("image/jp2",), (("image/jp2", JPEG_2000),), ("image/*",)],
    ids=str,
)
def test_it_retrieves_compressed_frames_as_they_are_stored(
    reader: DICOMwebClient, media_types: MediaTypes
) -> None:
    assert (
        list(reader.iter_instance_frames(*names(COMPRESSED), [1, 2], media_types=media_types)) == STREAMS[:2]
    )


@pytest.mark.parametrize("uid", [MULTIFRAME, COMPRESSED])
@pytest.mark.parametrize(
    ("media_type", "transfer_syntax"),
    [
        (OCTETS, EXPLICIT),
        ("image/jls", JPEG_LS),
        ("image/x-jls", JPEG_LS),
        ("image/jp2", JPEG_2000),
    ],
)
def test_it_retrieves_frames_in_the_media_type_it_names(
    reader: DICOMwebClient, uid: str, media_type: str, transfer_syntax: str
) -> None:
    by_type = reader.retrieve_instance_frames(*names(uid), [2], media_types=(media_type,))
    by_syntax = reader.retrieve_instance_frames(
        *names(uid), [2], media_types=((media_type, transfer_syntax),)
    )

    assert by_type == by_syntax
    np.testing.assert_array_equal(decoded(by_type[0], transfer_syntax), PIXELS[1])


@pytest.mark.parametrize("media_type", ["image/dicom-rle", "image/x-dicom-rle"])
def test_it_retrieves_frames_in_rle(reader: DICOMwebClient, media_type: str) -> None:
    [frame] = reader.retrieve_instance_frames(*names(GRAY), [1], media_types=((media_type, RLE),))

    assert imagecodecs.packbits_decode(frame[64:])[: LEVELS.size] == LEVELS.tobytes()


def test_it_retrieves_frames_in_baseline_jpeg_when_it_names_that(reader: DICOMwebClient) -> None:
    [frame] = reader.retrieve_instance_frames(*names(GRAY), [1], media_types=(("image/jpeg", JPEG),))

    [exact] = reader.retrieve_instance_frames(*names(GRAY), [1], media_types=("image/jpeg",))

    assert decoded(frame, JPEG).shape == LEVELS.shape
    np.testing.assert_array_equal(imagecodecs.ljpeg_decode(exact), LEVELS)


def test_it_retrieves_whichever_of_several_media_types_is_there(reader: DICOMwebClient) -> None:
    media_types = (("image/jpeg", JPEG), ("image/jp2", JPEG_2000), (OCTETS, EXPLICIT))

    compressed = reader.retrieve_instance_frames(*names(COMPRESSED), [1], media_types=media_types)
    native = reader.retrieve_instance_frames(*names(MULTIFRAME), [1], media_types=media_types)

    assert (compressed, native) == (STREAMS[:1], [PIXELS[0].tobytes()])


@pytest.mark.parametrize(
    "media_types", [None, ("video/*",), ("video/mp4",), (("video/mp4", MPEG_4),)], ids=str
)
def test_it_retrieves_a_video(reader: DICOMwebClient, media_types: MediaTypes) -> None:
    assert reader.retrieve_instance_frames(*names(VIDEO), [1], media_types=media_types) == [FILM]


@pytest.mark.parametrize("media_types", [None, (OCTETS,), ((OCTETS, EXPLICIT),)], ids=str)
def test_it_retrieves_the_bulkdata_that_metadata_name(
    reader: DICOMwebClient, media_types: MediaTypes
) -> None:
    def bulkdata(uid: str, tag: str) -> list[bytes]:
        uri = reader.retrieve_instance_metadata(*names(uid))[tag]["BulkDataURI"]
        assert list(reader.iter_bulkdata(uri, media_types)) == reader.retrieve_bulkdata(uri, media_types)
        values: list[bytes] = reader.retrieve_bulkdata(uri, media_types, byte_range=(0, 100))
        return values

    assert bulkdata(MULTIFRAME, "7FE00010") == [PIXELS.tobytes()]
    assert bulkdata(PALETTE, "00281201") == [TABLE]


@pytest.mark.parametrize("media_type", PICTURES)
def test_it_retrieves_rendered_pictures(reader: DICOMwebClient, media_type: str) -> None:
    options: dict[str, Any] = {"media_types": (media_type,), "params": {"viewport": "8,8"}}

    instance = reader.retrieve_instance_rendered(*names(CT), **options)
    frame = reader.retrieve_instance_frames_rendered(*names(MULTIFRAME), [2], **options)
    series = reader.retrieve_series_rendered("1", "1.1", **options)

    assert [picture.startswith(PICTURES[media_type]) for picture in (instance, frame, series)] == [True] * 3


def test_it_retrieves_a_picture_through_a_window(reader: DICOMwebClient) -> None:
    def levels(**params: str) -> "np.ndarray[tuple[int, ...], np.dtype[np.uint8]]":
        png = reader.retrieve_instance_rendered(*names(CT), media_types=("image/png",), params=params)
        return np.asarray(imagecodecs.png_decode(png))

    np.testing.assert_array_equal(levels(), levels(window="40,400,linear"))
    assert levels(window="40,400,linear").mean() < levels(window="-600,1500,linear").mean()


def test_it_retrieves_documents_and_films_rendered(reader: DICOMwebClient) -> None:
    document = reader.retrieve_instance_rendered(*names(PDF), media_types=("application/pdf",))
    film = reader.retrieve_instance_rendered(*names(VIDEO), media_types=("video/mp4",))

    assert document.startswith(DOCUMENT[:8])
    assert film.rstrip(b"\0") == FILM.rstrip(b"\0")


def test_it_is_told_what_is_not_there(reader: DICOMwebClient) -> None:
    with pytest.raises(HTTPError, match="404"):
        reader.retrieve_instance_frames(*names(CT), [2])
    with pytest.raises(HTTPError, match="404"):
        reader.retrieve_series_metadata("1", "9")
