import subprocess
from dataclasses import replace
from pathlib import Path
from shutil import which
from typing import Any

import imagecodecs
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.encaps import encapsulate
from pydicom.pixels.decoders.base import RLELosslessDecoder

from service.pixels.codecs.decode import DecodedFrame, decoded
from service.pixels.codecs.encoders import (
    ENCODERS,
    can_encode,
    encoded,
    encoded_photometric_interpretation,
    native_bytes,
)
from service.pixels.headers.jpeg import jpeg_transfer_syntax
from service.transfer_syntaxes import (
    HTJ2K_LOSSLESS,
    JPEG_2000_LOSSLESS,
    JPEG_BASELINE,
    JPEG_LOSSLESS_FIRST_ORDER,
    JPEG_LS_LOSSLESS,
    RLE_LOSSLESS,
)
from tests.builders import image, part10
from tests.pixels.images import described

LOSSLESS = [JPEG_LOSSLESS_FIRST_ORDER, JPEG_LS_LOSSLESS, JPEG_2000_LOSSLESS, HTJ2K_LOSSLESS, RLE_LOSSLESS]
ROWS, COLUMNS = 33, 47

Array = np.ndarray[Any, Any]


def noise(kind: str, bits: int, *, samples: int = 1) -> Array:
    """Return values that fill all the bits."""
    shape = (ROWS, COLUMNS, samples) if samples > 1 else (ROWS, COLUMNS)
    lowest = -(1 << bits - 1) if kind[0] == "i" else 0
    return np.random.default_rng(5).integers(lowest, lowest + (1 << bits), shape, np.int64).astype(kind)


def smooth_colour() -> Array:
    ramp = np.linspace(0, 255, ROWS * COLUMNS).reshape(ROWS, COLUMNS)
    return np.stack([ramp, 255 - ramp, ramp / 2], axis=-1).astype(np.uint8)


@pytest.mark.parametrize("transfer_syntax", LOSSLESS)
@pytest.mark.parametrize(
    ("kind", "stored", "samples", "photometric"),
    [
        ("u1", 8, 1, "MONOCHROME1"),
        ("u1", 5, 1, "MONOCHROME2"),
        ("i1", 8, 1, "MONOCHROME2"),
        ("u2", 16, 1, "MONOCHROME2"),
        ("u2", 12, 1, "MONOCHROME2"),
        ("i2", 16, 1, "MONOCHROME2"),
        ("i2", 12, 1, "MONOCHROME2"),
        ("u1", 8, 1, "PALETTE COLOR"),
        ("u1", 8, 3, "RGB"),
        ("u1", 8, 3, "YBR_FULL"),
        ("u2", 16, 3, "RGB"),
    ],
)
def test_every_value_comes_back_from_a_lossless_encoder(
    transfer_syntax: str, kind: str, stored: int, samples: int, photometric: str
) -> None:
    values = noise(kind, stored, samples=samples)
    sample = {"allocated": 8 * values.itemsize, "stored": stored, "signed": int(kind[0] == "i")}
    plain = described(rows=ROWS, columns=COLUMNS, samples=samples, **sample)
    description = replace(plain, photometric_interpretation=photometric)

    stream = encoded(DecodedFrame(values, photometric), stored, transfer_syntax)

    name = encoded_photometric_interpretation(photometric, transfer_syntax)
    result = decoded(stream, transfer_syntax, replace(description, photometric_interpretation=name))
    assert can_encode(description, transfer_syntax)
    np.testing.assert_array_equal(result.values, values)
    assert result.photometric_interpretation == photometric


@pytest.mark.parametrize(("kind", "samples"), [("u1", 1), ("i2", 1), ("u4", 1), ("u1", 3), ("u2", 3)])
def test_an_independent_reader_finds_the_same_in_rle(kind: str, samples: int) -> None:
    values = noise(kind, 8 * np.dtype(kind).itemsize, samples=samples)
    values[:, 20:40] = 7

    stream = encoded(DecodedFrame(values, "RGB"), 8 * values.itemsize, RLE_LOSSLESS)

    options: dict[str, Any] = {
        "rows": ROWS,
        "columns": COLUMNS,
        "number_of_frames": 1,
        "samples_per_pixel": samples,
        "photometric_interpretation": "RGB" if samples == 3 else "MONOCHROME2",
        "planar_configuration": 0,
        "bits_allocated": 8 * values.itemsize,
        "bits_stored": 8 * values.itemsize,
        "pixel_representation": int(kind[0] == "i"),
        "pixel_keyword": "PixelData",
    }
    result, _ = RLELosslessDecoder.as_array(encapsulate([stream]), **options)
    np.testing.assert_array_equal(result, values)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (33, 47), (33, 47, 3)])
@pytest.mark.parametrize("kind", ["u1", "u2"])
def test_independent_readers_find_the_same_in_lossless_jpeg(kind: str, shape: tuple[int, ...]) -> None:
    highest = np.iinfo(kind).max
    values = np.random.default_rng(5).integers(0, highest + 1, shape).astype(kind)
    values.ravel()[::3] = highest

    stream = encoded(DecodedFrame(values, "RGB"), 8 * values.itemsize, JPEG_LOSSLESS_FIRST_ORDER)

    assert jpeg_transfer_syntax(stream) == JPEG_LOSSLESS_FIRST_ORDER
    for read in (imagecodecs.ljpeg_decode, imagecodecs.jpegsof3_decode):
        np.testing.assert_array_equal(read(stream).reshape(shape), values)


@pytest.mark.skipif(which("dcmdjpeg") is None, reason="needs DCMTK")
@pytest.mark.parametrize(
    ("kind", "stored", "samples", "photometric"),
    [
        ("u1", 8, 1, "MONOCHROME2"),
        ("u2", 12, 1, "MONOCHROME2"),
        ("u2", 16, 1, "MONOCHROME1"),
        ("i2", 12, 1, "MONOCHROME2"),
        ("i2", 16, 1, "MONOCHROME2"),
        ("u1", 8, 1, "PALETTE COLOR"),
        ("u1", 8, 3, "RGB"),
        ("u2", 16, 3, "RGB"),
    ],
)
def test_dcmtk_finds_the_same_in_lossless_jpeg(
    tmp_path: Path, kind: str, stored: int, samples: int, photometric: str
) -> None:
    values = noise(kind, stored, samples=samples)
    stream = encoded(DecodedFrame(values, photometric), stored, JPEG_LOSSLESS_FIRST_ORDER)
    dataset = image(values, BitsStored=stored, HighBit=stored - 1, PhotometricInterpretation=photometric)
    dataset.PixelData = encapsulate([stream])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    (tmp_path / "in.dcm").write_bytes(part10(dataset, JPEG_LOSSLESS_FIRST_ORDER))

    command = ["dcmdjpeg", "--conv-never", str(tmp_path / "in.dcm"), str(tmp_path / "out.dcm")]
    subprocess.run(command, check=True)

    np.testing.assert_array_equal(dcmread(tmp_path / "out.dcm").pixel_array, values)


def test_rle_segments_have_even_lengths() -> None:
    stream = encoded(DecodedFrame(np.zeros((1, 3), np.uint16), "MONOCHROME2"), 16, RLE_LOSSLESS)

    number, first, second, *rest = np.frombuffer(stream[:64], "<u4").tolist()
    assert (number, first, second, set(rest)) == (2, 64, 66, {0})
    assert stream[64:] == b"\xfe\x00\xfe\x00"


@pytest.mark.parametrize("transfer_syntax", ENCODERS)
@pytest.mark.parametrize(("kind", "bits", "samples"), [("u1", 8, 1), ("u2", 16, 1), ("u1", 8, 3)])
def test_noise_that_does_not_compress_is_encoded_too(
    transfer_syntax: str, kind: str, bits: int, samples: int
) -> None:
    shape = (200, 200) if samples == 1 else (200, 200, samples)
    values = np.random.default_rng(5).integers(0, 2**bits, shape).astype(kind)
    frame = DecodedFrame(values, "MONOCHROME2" if samples == 1 else "RGB")
    if bits in ENCODERS[transfer_syntax].bits_allocated:
        assert encoded(frame, bits, transfer_syntax)


def test_jpeg_ls_has_no_spiff_header() -> None:
    stream = encoded(DecodedFrame(noise("u2", 16), "MONOCHROME2"), 16, JPEG_LS_LOSSLESS)

    assert stream[:4] == b"\xff\xd8\xff\xf7"


@pytest.mark.parametrize(("stored", "precision"), [(12, 12), (16, 16)])
def test_jpeg_2000_says_how_many_bits_are_stored(stored: int, precision: int) -> None:
    stream = encoded(DecodedFrame(noise("u2", stored), "MONOCHROME2"), stored, JPEG_2000_LOSSLESS)

    assert stream[42] + 1 == precision


@pytest.mark.parametrize("photometric", ["RGB", "YBR_FULL"])
def test_jpeg_baseline_is_close_to_the_colours_it_was_made_of(photometric: str) -> None:
    values = smooth_colour()

    stream = encoded(DecodedFrame(values, photometric), 8, JPEG_BASELINE)

    out = "RGB" if photometric == "RGB" else "YCBCR"
    result = imagecodecs.jpeg8_decode(stream, colorspace="YCBCR", outcolorspace=out)
    assert np.abs(result.astype(int) - values).mean() < 2
    assert b"\xff\xc0" in stream
    assert encoded_photometric_interpretation(photometric, JPEG_BASELINE) == "YBR_FULL_422"


@pytest.mark.parametrize(
    ("values", "photometric", "possible"),
    [
        ({"allocated": 8}, "MONOCHROME2", set(ENCODERS)),
        ({"allocated": 16, "stored": 8}, "MONOCHROME2", set(LOSSLESS)),
        ({"allocated": 8, "signed": 1}, "MONOCHROME2", set(LOSSLESS)),
        ({"allocated": 8}, "PALETTE COLOR", set(LOSSLESS)),
        ({"allocated": 8, "samples": 3}, "YBR_FULL_422", set(ENCODERS)),
        ({"allocated": 32}, "MONOCHROME2", {RLE_LOSSLESS}),
        ({"allocated": 1}, "MONOCHROME2", set()),
        ({"allocated": 32, "stored": None, "signed": None}, "MONOCHROME2", set()),
        ({"allocated": 8, "samples": 3}, "YBR_PARTIAL_420", set()),
    ],
    ids=[
        "8 bits",
        "16 bits",
        "signed",
        "palette",
        "subsampled",
        "32 bits",
        "1 bit",
        "float",
        "unknown colour",
    ],
)
def test_what_the_data_do_not_allow_is_not_encoded(
    values: dict[str, Any], photometric: str, possible: set[str]
) -> None:
    description = replace(described(**values), photometric_interpretation=photometric)

    assert {
        transfer_syntax for transfer_syntax in ENCODERS if can_encode(description, transfer_syntax)
    } == possible


def test_colour_becomes_what_the_standard_names() -> None:
    names = {syntax: encoded_photometric_interpretation("RGB", syntax) for syntax in ENCODERS}

    assert names == {
        JPEG_LOSSLESS_FIRST_ORDER: "RGB",
        JPEG_LS_LOSSLESS: "RGB",
        JPEG_2000_LOSSLESS: "YBR_RCT",
        HTJ2K_LOSSLESS: "YBR_RCT",
        RLE_LOSSLESS: "RGB",
        JPEG_BASELINE: "YBR_FULL_422",
    }


def test_native_colour_lies_as_its_planar_configuration_says() -> None:
    frame = DecodedFrame(noise("u1", 8, samples=3), "RGB")
    size = {"rows": ROWS, "columns": COLUMNS, "samples": 3, "photometric": "RGB", "allocated": 8}

    by_pixel, by_plane = (native_bytes(frame, described(planar=planar, **size)) for planar in (0, 1))

    assert by_pixel == frame.values.tobytes()
    assert by_plane == b"".join(frame.values[..., sample].tobytes() for sample in range(3))


def test_native_bits_are_eight_to_a_byte() -> None:
    bits = np.array([[1, 0, 1], [0, 1, 1], [0, 0, 1]], np.uint8)

    result = native_bytes(DecodedFrame(bits, "MONOCHROME2"), described(rows=3, columns=3, allocated=1))

    assert result == bytes([0b00110101, 0b1])
