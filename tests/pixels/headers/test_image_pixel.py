"""What pictures without a description say of themselves."""

from typing import Any

import imagecodecs
import numpy as np
import pytest

from service.errors import UndecodableFrame
from service.pixels.headers.image_pixel import ImagePixel, image_pixel_of_stream

GRAY = np.arange(48, dtype=np.uint8).reshape(6, 8)
COLOUR = np.arange(144, dtype=np.uint8).reshape(6, 8, 3)


def test_the_attributes_are_those_of_the_image_pixel_module() -> None:
    image = ImagePixel(6, 8, 3, "RGB", 12, signed=True, lossy=True, number_of_frames=2)

    values = {tag: attribute["Value"] for tag, attribute in image.attributes.items()}

    samples = {"00280100": [16], "00280101": [12], "00280102": [11], "00280103": [1]}
    size = {"00280008": [2], "00280010": [6], "00280011": [8]}
    assert values == samples | size | {
        "00280002": [3],
        "00280004": ["RGB"],
        "00280006": [0],
        "00282110": ["01"],
    }


@pytest.mark.parametrize(
    ("subsampling", "name"), [("444", "YBR_FULL"), ("422", "YBR_FULL_422"), ("420", "YBR_FULL_422")]
)
def test_the_sampling_of_a_jpeg_decides_on_its_photometric_interpretation(
    subsampling: str, name: str
) -> None:
    stream = bytes(imagecodecs.jpeg8_encode(COLOUR, subsampling=subsampling))

    assert image_pixel_of_stream("image/jpeg", stream)[1].photometric_interpretation == name


def test_samples_of_jpeg_2000_may_be_signed() -> None:
    stream = imagecodecs.jpeg2k_encode(GRAY.astype(np.int16), level=0, codecformat="j2k", reversible=True)

    assert image_pixel_of_stream("image/jp2", bytes(stream))[1].signed


@pytest.mark.parametrize(
    ("samples", "bits"), [(GRAY, 8), (GRAY.astype(np.uint16), 16), (COLOUR, 8)], ids=["8", "16", "colour"]
)
@pytest.mark.parametrize("lossless", [True, False], ids=["lossless", "lossy"])
def test_jpeg_xl_says_what_its_samples_are(samples: Any, bits: int, lossless: bool) -> None:
    stream = bytes(imagecodecs.jpegxl_encode(samples, lossless=lossless))

    transfer_syntax, image = image_pixel_of_stream("image/jxl", stream)

    assert transfer_syntax == f"1.2.840.10008.1.2.4.{110 if lossless else 112}"
    assert (image.rows, image.columns, image.bits_stored, image.lossy) == (6, 8, bits, not lossless)
    assert image.samples_per_pixel == (3 if samples.ndim == 3 else 1)


def test_a_recompressed_jpeg_is_a_transfer_syntax_of_its_own() -> None:
    jpeg = bytes(imagecodecs.jpeg8_encode(COLOUR))

    transfer_syntax, image = image_pixel_of_stream("image/jxl", bytes(imagecodecs.jpegxl_encode_jpeg(jpeg)))

    assert (transfer_syntax, image.lossy) == ("1.2.840.10008.1.2.4.111", True)


@pytest.mark.parametrize(
    ("media_type", "stream"),
    [
        pytest.param("image/jxl", imagecodecs.jpegxl_encode(np.zeros((6, 8, 4), np.uint8)), id="alpha"),
        pytest.param(
            "image/jpeg", imagecodecs.jpeg8_encode(np.zeros((6, 8, 4), np.uint8)), id="four samples"
        ),
        pytest.param("image/jpeg", b"\xff\xd8\xff\xc0\0\x0b\x08\0\0\0\0\1\1\x11\0", id="no rows"),
        pytest.param("image/jpeg", b"\xff\xd8\xff\xc9\0\x0b\x08\0\1\0\1\1\1\x11\0", id="arithmetic coding"),
        pytest.param("image/jp2", b"\xff\x4f\xff\x51", id="a cut header"),
        pytest.param("image/jls", b"", id="nothing"),
    ],
)
def test_streams_that_do_not_say_are_refused(media_type: str, stream: bytes) -> None:
    with pytest.raises(UndecodableFrame):
        image_pixel_of_stream(media_type, bytes(stream))
