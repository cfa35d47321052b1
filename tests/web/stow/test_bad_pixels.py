"""Pixel Data that cannot be kept: one failure each."""

from typing import Any

import httpx
import imagecodecs
import pytest

from tests.metadata import instance
from tests.pixels.videos import mp4
from tests.web.messages import items
from tests.web.stow.posted import (
    CANNOT_UNDERSTAND,
    GRAY,
    OTHER_FAILURES,
    PIXELS,
    REFERENCED,
    SYNTAX_NOT_SUPPORTED,
    Bulk,
    by_reference,
    failure,
    picture,
    post,
)


def cut(stream: bytes) -> bytes:
    return stream[: len(stream) // 2]


PNG = imagecodecs.png_encode(GRAY[0])
JPEG = bytes(imagecodecs.jpeg8_encode(GRAY[0]))

REFUSED = {
    "no JPEG": ([Bulk("pixels", b"GIF89a", "image/jpeg")], CANNOT_UNDERSTAND),
    "no PNG": ([Bulk("pixels", JPEG, "image/png")], CANNOT_UNDERSTAND),
    "no GIF": ([Bulk("pixels", PNG, "image/gif")], CANNOT_UNDERSTAND),
    "half a PNG": ([Bulk("pixels", cut(PNG), "image/png")], CANNOT_UNDERSTAND),
    "half a GIF": ([Bulk("pixels", cut(imagecodecs.gif_encode(GRAY[0])), "image/gif")], CANNOT_UNDERSTAND),
    "a PNG that says it is vast": (
        [Bulk("pixels", PNG[:16] + b"\0\0\xff\xff\0\0\xff\xff" + PNG[24:], "image/png")],
        CANNOT_UNDERSTAND,
    ),
    "half a JPEG header": ([Bulk("pixels", JPEG[:20], "image/jpeg")], CANNOT_UNDERSTAND),
    "no JPEG 2000": ([Bulk("pixels", JPEG, "image/jp2")], CANNOT_UNDERSTAND),
    "no JPEG XL": ([Bulk("pixels", JPEG, "image/jxl")], CANNOT_UNDERSTAND),
    "no video": ([Bulk("pixels", JPEG, "video/mp4")], CANNOT_UNDERSTAND),
    "nothing": ([Bulk("pixels", b"", "image/jpeg")], CANNOT_UNDERSTAND),
    "two videos": ([Bulk("pixels", mp4(2, 2, 2), "video/mp4")] * 2, CANNOT_UNDERSTAND),
    "two media types": (
        [Bulk("pixels", JPEG, "image/jpeg"), Bulk("pixels", PNG, "image/png")],
        CANNOT_UNDERSTAND,
    ),
    "pictures of two sizes": (
        [
            Bulk("pixels", PNG, "image/png"),
            Bulk("pixels", imagecodecs.png_encode(GRAY[0][:5]), "image/png"),
        ],
        CANNOT_UNDERSTAND,
    ),
    "a missing frame": (
        [Bulk("pixels/frames/1", JPEG, "image/jpeg"), Bulk("pixels/frames/3", JPEG, "image/jpeg")],
        CANNOT_UNDERSTAND,
    ),
    "a type that is not kept": ([Bulk("pixels", b"II*\0", "image/tiff")], SYNTAX_NOT_SUPPORTED),
    "an unknown transfer syntax": (
        [Bulk("pixels", JPEG, "image/jpeg; transfer-syntax=1.2.3")],
        SYNTAX_NOT_SUPPORTED,
    ),
    "big endian": (
        [Bulk("pixels", b"\0\1", "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.2")],
        SYNTAX_NOT_SUPPORTED,
    ),
}


@pytest.mark.parametrize(("parts", "reason"), REFUSED.values(), ids=REFUSED)
def test_pixels_that_cannot_be_kept_are_one_failure(
    dicomweb: httpx.Client, study: str, parts: list[Bulk], reason: int
) -> None:
    response = post(dicomweb, [picture(f"{study}.1.1"), instance(f"{study}.1.2")], *parts)

    assert response.status_code == 202, response.text
    assert failure(response)[0] == reason
    assert not items(response, OTHER_FAILURES)
    assert len(items(response, REFERENCED)) == 1


@pytest.mark.parametrize("attributes", [{"NumberOfFrames": 4}, {"NumberOfFrames": 2}], ids=["more", "fewer"])
def test_as_many_frames_have_to_come_as_are_described(
    dicomweb: httpx.Client, study: str, attributes: dict[str, Any]
) -> None:
    parts = [Bulk("pixels", bytes(imagecodecs.jpegls_encode(frame)), "image/jls") for frame in GRAY]

    response = post(dicomweb, [picture(f"{study}.1.1", **attributes)], *parts)

    assert "3 parts" in failure(response)[1]


def test_compressed_pixels_lie_at_the_top_alone(dicomweb: httpx.Client, study: str) -> None:
    icon = {"00880200": {"vr": "SQ", "Value": [{PIXELS: by_reference("OB", "icon")}]}}

    response = post(dicomweb, [instance(f"{study}.1.1") | icon], Bulk("icon", JPEG, "image/jpeg"))

    assert response.status_code == 409
    assert "00880200/1/7FE00010" in failure(response)[1]
