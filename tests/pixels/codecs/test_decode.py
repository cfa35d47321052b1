import zlib
from collections.abc import Callable
from dataclasses import replace

import imagecodecs
import numpy as np
import pytest
from pydicom.encaps import generate_frames

from service.errors import NotRenderable, UndecodableFrame
from service.pixels.arrays import Values
from service.pixels.codecs.decode import DECODABLE_SYNTAXES, decoded
from service.pixels.description import describe
from tests.pixels.images import described, packaged, selected

JPEG_BASELINE, JPEG_EXTENDED, JPEG_LOSSLESS = (f"1.2.840.10008.1.2.4.{last}" for last in (50, 51, 70))
JPEG_LS, JPEG_2000, HTJ2K, JPEG_XL = (f"1.2.840.10008.1.2.4.{last}" for last in (80, 90, 201, 110))
DEFLATED_IMAGE_FRAME = "1.2.840.10008.1.2.8.1"

LOSSLESS: dict[str, Callable[[Values], bytes]] = {
    JPEG_LOSSLESS: lambda pixels: imagecodecs.jpeg8_encode(
        pixels, lossless=True, predictor=1, bitspersample=8 * pixels.itemsize
    ),
    JPEG_LS: imagecodecs.jpegls_encode,
    JPEG_2000: lambda pixels: imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True),
    HTJ2K: imagecodecs.htj2k_encode,
    JPEG_XL: lambda pixels: imagecodecs.jpegxl_encode(pixels, lossless=True),
}


def noise(*shape: int, kind: str = "u2", bits: int = 12) -> Values:
    return np.random.default_rng(4).integers(0, 2**bits, shape).astype(kind)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("samples", [1, 3])
def test_what_was_coded_without_loss_comes_back(syntax: str, samples: int) -> None:
    pixels = noise(20, 30, 3, kind="u1", bits=8) if samples == 3 else noise(20, 30)
    photometric, allocated = ("RGB", 8) if samples == 3 else ("MONOCHROME2", 16)
    description = described(
        rows=20, columns=30, samples=samples, photometric=photometric, allocated=allocated
    )

    frame = decoded(LOSSLESS[syntax](pixels), syntax, description)

    np.testing.assert_array_equal(frame.values, pixels)
    assert (frame.values.dtype, frame.photometric_interpretation) == (pixels.dtype, photometric)


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000])
@pytest.mark.parametrize("stored", [12, 16])
def test_a_stream_that_calls_signed_samples_unsigned_is_put_right(syntax: str, stored: int) -> None:
    values = noise(16, 16, kind="i2", bits=stored - 1) - np.int16(2 ** (stored - 2))
    cells = values.view("u2") & (2**stored - 1)
    description = described(rows=16, columns=16, signed=1, stored=stored)

    frame = decoded(LOSSLESS[syntax](cells), syntax, description)

    np.testing.assert_array_equal(frame.values, values)
    assert frame.values.dtype == np.int16


def test_a_stream_that_calls_unsigned_samples_signed_is_put_right() -> None:
    cells = noise(16, 16, bits=16)

    frame = decoded(LOSSLESS[JPEG_2000](cells.view("i2")), JPEG_2000, described(rows=16, columns=16))

    np.testing.assert_array_equal(frame.values, cells)


def test_a_signed_stream_of_signed_samples_is_taken_as_it_is() -> None:
    values = noise(16, 16, bits=16).view("i2")

    frame = decoded(LOSSLESS[JPEG_2000](values), JPEG_2000, described(rows=16, columns=16, signed=1))

    np.testing.assert_array_equal(frame.values, values)


def test_jpeg_2000_in_a_jp2_file_is_found() -> None:
    pixels = noise(20, 30)
    frame = imagecodecs.jpeg2k_encode(pixels, codecformat="jp2", reversible=True)

    values = decoded(frame, JPEG_2000, described(rows=20, columns=30)).values

    np.testing.assert_array_equal(values, pixels)


@pytest.mark.parametrize("name", ["YBR_RCT", "YBR_ICT", "RGB"])
def test_the_colour_transform_of_jpeg_2000_is_undone(name: str) -> None:
    pixels = noise(20, 30, 3, kind="u1", bits=8)
    frame = imagecodecs.jpeg2k_encode(pixels, codecformat="j2k", reversible=True, mct=True)
    description = described(rows=20, columns=30, samples=3, photometric=name, allocated=8)

    result = decoded(frame, JPEG_2000, description)

    np.testing.assert_array_equal(result.values, pixels)
    assert result.photometric_interpretation == "RGB"


def test_lossy_samples_beyond_bits_stored_are_clamped() -> None:
    checks = np.kron(np.indices((8, 8)).sum(axis=0) % 2, np.ones((5, 5))).astype("u2") * 1023
    frame = imagecodecs.jpeg8_encode(checks, level=30, bitspersample=12)

    values = decoded(frame, JPEG_EXTENDED, described(rows=40, columns=40, stored=10)).values

    assert imagecodecs.jpeg8_decode(frame).max() > 1023
    assert values.max() == 1023


RED = np.full((16, 16, 3), (250, 20, 30), np.uint8)


@pytest.mark.parametrize("name", ["RGB", "YBR_FULL", "YBR_FULL_422"])
@pytest.mark.parametrize(
    "coding",
    [
        pytest.param(("YCBCR", "444"), id="JFIF"),
        pytest.param(("YCBCR", "422"), id="subsampled"),
        pytest.param(("RGB", "444"), id="Adobe without transform"),
    ],
)
def test_the_colour_of_jpeg_is_what_its_markers_say(name: str, coding: tuple[str, str]) -> None:
    space, subsampling = coding
    frame = imagecodecs.jpeg8_encode(
        RED, level=95, colorspace="RGB", outcolorspace=space, subsampling=subsampling
    )
    description = described(rows=16, columns=16, samples=3, photometric=name, allocated=8)

    result = decoded(frame, JPEG_BASELINE, description)

    np.testing.assert_allclose(result.values, RED, atol=3)
    assert result.photometric_interpretation == "RGB"


def test_a_tile_that_was_cut_at_the_edge_of_a_slide_is_filled_with_white() -> None:
    frame = imagecodecs.jpeg8_encode(RED, level=95)
    description = described(rows=20, columns=30, samples=3, photometric="YBR_FULL_422", allocated=8)

    values = decoded(frame, JPEG_BASELINE, replace(description, cut_tiles=True)).values

    np.testing.assert_allclose(values[:16, :16], RED, atol=3)
    assert values.shape == (20, 30, 3)
    assert (values[16:].min(), values[:, 16:].min()) == (255, 255)
    with pytest.raises(UndecodableFrame, match="16 rows, 16 columns"):
        decoded(frame, JPEG_BASELINE, description)


@pytest.mark.parametrize("name", ["SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle.dcm", "SC_rgb_jls_lossy_sample.dcm"])
def test_one_picture_in_several_encodings_is_one_picture(name: str) -> None:
    dataset = packaged(name)
    frame = next(generate_frames(dataset.PixelData, number_of_frames=1))

    result = decoded(frame, dataset.file_meta.TransferSyntaxUID, describe(selected(dataset)))

    np.testing.assert_allclose(result.values[5, 5], (255, 0, 0), atol=3)


def test_single_bits_that_were_deflated_come_back() -> None:
    bits = noise(15, 17, kind="u1", bits=1)
    compressor = zlib.compressobj(wbits=-15)
    packed = np.packbits(bits, bitorder="little").tobytes()
    frame = compressor.compress(packed) + compressor.flush()

    values = decoded(frame, DEFLATED_IMAGE_FRAME, described(rows=15, columns=17, allocated=1)).values

    np.testing.assert_array_equal(values, bits)


def test_no_more_is_inflated_than_the_frame_needs() -> None:
    compressor = zlib.compressobj(wbits=-15)
    bomb = compressor.compress(bytes(10_000_000)) + compressor.flush()

    assert not decoded(bomb, DEFLATED_IMAGE_FRAME, described()).values.any()


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("size", [(30, 20), (20, 31), (40, 60)])
def test_a_stream_of_another_size_than_described_is_refused(syntax: str, size: tuple[int, int]) -> None:
    frame = LOSSLESS[syntax](noise(*size))

    with pytest.raises(UndecodableFrame, match="expected 20 rows, 30 columns, 1 sample a pixel"):
        decoded(frame, syntax, described(rows=20, columns=30))


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_a_stream_of_other_components_than_described_is_refused(syntax: str) -> None:
    frame = LOSSLESS[syntax](noise(20, 30, 3, kind="u1", bits=8))

    with pytest.raises(UndecodableFrame, match="expected"):
        decoded(frame, syntax, described(rows=20, columns=30))


def test_a_colour_stream_larger_than_described_is_refused() -> None:
    description = described(rows=15, columns=30, samples=3, photometric="RGB", allocated=8)

    with pytest.raises(UndecodableFrame, match="expected 15 rows"):
        decoded(imagecodecs.jpeg8_encode(RED), JPEG_BASELINE, description)


@pytest.mark.parametrize("syntax", [JPEG_LOSSLESS, JPEG_LS, JPEG_2000])
def test_samples_that_do_not_fit_bits_allocated_are_refused(syntax: str) -> None:
    frame = LOSSLESS[syntax](noise(20, 30, bits=16))

    with pytest.raises(UndecodableFrame, match="16 bits: expected up to 8"):
        decoded(frame, syntax, described(rows=20, columns=30, allocated=8))


@pytest.mark.parametrize("syntax", sorted(DECODABLE_SYNTAXES))
@pytest.mark.parametrize("frame", [b"", b"\0", b"nothing of an image", b"\xff\xd8\xff", b"\xff\x4f\xff\x51"])
def test_what_is_no_frame_is_refused(syntax: str, frame: bytes) -> None:
    with pytest.raises((UndecodableFrame, NotRenderable), match=r"expected|cannot|ends|no frame header"):
        decoded(frame, syntax, described(rows=20, columns=30))


@pytest.mark.parametrize("syntax", [JPEG_LS, JPEG_2000, JPEG_XL])
def test_a_stream_that_was_cut_is_refused(syntax: str) -> None:
    frame = LOSSLESS[syntax](noise(64, 64))

    with pytest.raises(UndecodableFrame, match="cannot be decoded"):
        decoded(frame[: len(frame) // 2], syntax, described(rows=64, columns=64))


def test_nobody_can_change_decoded_values() -> None:
    values = decoded(bytes(8), "1.2.840.10008.1.2.1", described()).values

    with pytest.raises(ValueError, match="read-only"):
        values[0, 0] = 1
