"""Compressed Pixel Data stored as bulk data: kept unchanged, described by what they say. PS3.18 10.5.1.4."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import generate_frames

from tests.pixels.videos import mp4, mpeg_2
from tests.web.messages import url
from tests.web.stow.posted import (
    CANNOT_UNDERSTAND,
    COLOUR,
    GRAY,
    TWELVE,
    Bulk,
    failure,
    picture,
    post,
    stored,
)

OCTETS = {"accept": "application/octet-stream"}
SYNTAX = "1.2.840.10008.1.2.4"
Encode = Callable[[Any], bytes]

JPEG = imagecodecs.jpeg8_encode
LOSSLESS_JPEG = partial(JPEG, lossless=True)
JPEG_LS = imagecodecs.jpegls_encode
JPEG_2000 = partial(imagecodecs.jpeg2k_encode, level=0, codecformat="j2k", reversible=True)
LOSSY_JPEG_2000 = partial(JPEG_2000, level=30, reversible=False)
JPEG_XL = imagecodecs.jpegxl_encode
HTJ2K = imagecodecs.htj2k_encode

STREAMS = {  # media type, encoder, frames → transfer syntax, Photometric Interpretation, lossy
    "JPEG baseline": ("image/jpeg", JPEG, GRAY, "50", "MONOCHROME2", True),
    "JPEG baseline, colour": ("image/jpeg", JPEG, COLOUR, "50", "YBR_FULL_422", True),
    "JPEG extended": ("image/jpeg", partial(JPEG, bitspersample=12), TWELVE, "51", "MONOCHROME2", True),
    "JPEG lossless": ("image/jpeg", partial(LOSSLESS_JPEG, predictor=1), GRAY, "70", "MONOCHROME2", False),
    "JPEG, predictor 4": (
        "image/jpeg",
        partial(LOSSLESS_JPEG, predictor=4),
        GRAY,
        "57",
        "MONOCHROME2",
        False,
    ),
    "JPEG-LS": ("image/jls", JPEG_LS, TWELVE, "80", "MONOCHROME2", False),
    "JPEG-LS by its old name": ("image/x-jls", JPEG_LS, GRAY, "80", "MONOCHROME2", False),
    "JPEG-LS, near": ("image/jls", partial(JPEG_LS, level=2), GRAY, "81", "MONOCHROME2", True),
    "JPEG 2000": ("image/jp2", JPEG_2000, COLOUR, "90", "YBR_RCT", False),
    "JPEG 2000 with losses": ("image/jp2", LOSSY_JPEG_2000, COLOUR, "91", "YBR_ICT", True),
    "JPEG 2000 part 2": ("image/jpx", JPEG_2000, GRAY, "92", "MONOCHROME2", False),
    "HTJ2K": ("image/jphc", HTJ2K, TWELVE, "201", "MONOCHROME2", False),
    "HTJ2K by its other name": ("image/jph", HTJ2K, GRAY, "201", "MONOCHROME2", False),
    "JPEG XL": ("image/jxl", partial(JPEG_XL, lossless=True), TWELVE, "110", "MONOCHROME2", False),
    "JPEG XL with losses": ("image/jxl", partial(JPEG_XL, lossless=False), COLOUR, "112", "RGB", True),
}


@pytest.mark.parametrize(
    ("media_type", "encode", "frames", "syntax", "photometric", "lossy"), STREAMS.values(), ids=STREAMS
)
def test_frames_are_kept_unchanged_and_described_by_what_they_say(
    dicomweb: httpx.Client,
    study: str,
    media_type: str,
    encode: Encode,
    frames: Any,
    syntax: str,
    photometric: str,
    lossy: bool,
) -> None:
    streams = [bytes(encode(frame)) for frame in frames]

    response = post(
        dicomweb, [picture(f"{study}.1.1")], *(Bulk("pixels", stream, media_type) for stream in streams)
    )

    assert response.status_code == 200, response.text
    dataset = stored(dicomweb, f"{study}.1.1")
    assert dataset.file_meta.TransferSyntaxUID == f"{SYNTAX}.{syntax}"
    kept_streams = generate_frames(dataset.PixelData, number_of_frames=3)
    assert [
        kept_stream[: len(stream)] for kept_stream, stream in zip(kept_streams, streams, strict=True)
    ] == streams
    assert (dataset.NumberOfFrames, dataset.Rows, dataset.Columns) == (3, 12, 16)
    assert dataset.PhotometricInterpretation == photometric
    assert dataset.get("LossyImageCompression") == ("01" if lossy else None)
    if syntax != "92":  # which is not decoded here
        shown = dicomweb.get(f"{url(f'{study}.1.1')}/frames/3", headers=OCTETS)
        assert shown.status_code == 200, shown.text
        assert len(shown.content) == frames[2].nbytes
        if not lossy:
            assert shown.content == frames[2].tobytes()


def test_the_parameter_of_a_part_decides(dicomweb: httpx.Client, study: str) -> None:
    stream = Bulk("pixels", bytes(JPEG_2000(GRAY[0])), f'image/jp2; transfer-syntax="{SYNTAX}.91"')

    post(dicomweb, [picture(f"{study}.1.1")], stream)

    assert stored(dicomweb, f"{study}.1.1").file_meta.TransferSyntaxUID == f"{SYNTAX}.91"


def test_what_the_metadata_say_stays(dicomweb: httpx.Client, study: str) -> None:
    stream = Bulk("pixels", bytes(JPEG_LS(TWELVE[0])), "image/jls")

    post(dicomweb, [picture(f"{study}.1.1", BitsStored=12, PhotometricInterpretation="MONOCHROME1")], stream)

    dataset = stored(dicomweb, f"{study}.1.1")
    assert (dataset.BitsStored, dataset.PhotometricInterpretation) == (12, "MONOCHROME1")
    assert (dataset.BitsAllocated, dataset.HighBit) == (16, 11)


def test_frames_may_be_named_by_their_numbers_in_any_order(dicomweb: httpx.Client, study: str) -> None:
    streams = [bytes(JPEG_LS(frame)) for frame in GRAY]
    uri = f"http://here/{study}/bulkdata/7FE00010"
    parts = [Bulk(f"http://here/{study}/frames/{n}", streams[n - 1], "image/jls") for n in (2, 3, 1)]

    response = post(dicomweb, [picture(f"{study}.1.1", uri)], *parts)

    assert response.status_code == 200, response.text
    frames = [dicomweb.get(f"{url(f'{study}.1.1')}/frames/{n}", headers=OCTETS).content for n in (1, 2, 3)]
    assert frames == [frame.tobytes() for frame in GRAY]


def test_run_length_coded_frames_need_a_description(dicomweb: httpx.Client, study: str) -> None:
    planes = [bytes(imagecodecs.packbits_encode(frame.tobytes())) for frame in GRAY]
    frames = [
        Bulk("pixels", np.array([1, 64, *[0] * 14], "<u4").tobytes() + plane, "image/dicom-rle")
        for plane in planes
    ]
    described: dict[str, Any] = {"SamplesPerPixel": 1, "PhotometricInterpretation": "MONOCHROME2"}
    described |= {"Rows": 12, "Columns": 16, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7}
    described |= {"PixelRepresentation": 0, "NumberOfFrames": 3}

    with_it = post(dicomweb, [picture(f"{study}.1.1", **described)], *frames)
    without = post(dicomweb, [picture(f"{study}.1.2")], *frames)

    assert (with_it.status_code, without.status_code) == (200, 409), with_it.text
    assert failure(without)[0] == CANNOT_UNDERSTAND
    assert stored(dicomweb, f"{study}.1.1").file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.5"
    third = dicomweb.get(f"{url(f'{study}.1.1')}/frames/3", headers=OCTETS)
    assert third.content == GRAY[2].tobytes()


@pytest.mark.parametrize(
    ("media_type", "video", "syntax", "number"),
    [
        pytest.param("video/mp4", mp4(rows=240, columns=320, frames=30), "102", 30, id="MP4"),
        pytest.param("video/mpeg", mpeg_2(rows=240, columns=320), "101", None, id="MPEG-2"),
        pytest.param("video/H265", mp4(rows=240, columns=320, frames=30), "107", 30, id="HEVC"),
        pytest.param(
            f"video/mp4; transfer-syntax={SYNTAX}.106",
            mp4(rows=240, columns=320, frames=30),
            "106",
            30,
            id="as its parameter says",
        ),
    ],
)
def test_a_video_is_one_part(
    dicomweb: httpx.Client, study: str, media_type: str, video: bytes, syntax: str, number: int | None
) -> None:
    response = post(dicomweb, [picture(f"{study}.1.1")], Bulk("pixels", video, media_type))

    assert response.status_code == 200, response.text
    dataset = stored(dicomweb, f"{study}.1.1")
    assert dataset.file_meta.TransferSyntaxUID == f"{SYNTAX}.{syntax}"
    assert (dataset.Rows, dataset.Columns, dataset.get("NumberOfFrames")) == (240, 320, number)
    played = dicomweb.get(f"{url(f'{study}.1.1')}/rendered")
    assert played.content[: len(video)] == video
