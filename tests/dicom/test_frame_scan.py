from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest
from pydicom import Dataset
from pydicom.encaps import generate_frames

from tests.builders import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    ct_image,
    data_set,
    encoded,
    file_head,
    float_image,
    image,
    one_bit_image,
    part10,
)
from tests.dicom.frame_tables import frames_of, table_of
from tests.dicom.packaged import raw

NATIVE = [EXPLICIT, IMPLICIT, BIG_ENDIAN]

PIXELS = np.arange(3 * 3 * 3 * 3)


@pytest.mark.parametrize("transfer_syntax", NATIVE)
@pytest.mark.parametrize(
    "pixels",
    [
        pytest.param(PIXELS.astype("u1").reshape(3, 3, 9), id="8 bits, odd frames"),
        pytest.param(PIXELS.astype("u1").reshape(3, 3, 3, 3), id="RGB, odd frames"),
        pytest.param(PIXELS.astype("u2").reshape(3, 3, 9), id="16 bits"),
        pytest.param(PIXELS.astype("i2").reshape(3, 3, 9) - 40, id="16 bits, signed"),
        pytest.param(PIXELS.astype("u4").reshape(3, 3, 9), id="32 bits"),
    ],
)
def test_native_frames_are_the_pixels(pixels: np.ndarray[Any, Any], transfer_syntax: str) -> None:
    assert frames_of(part10(image(pixels), transfer_syntax)) == [frame.tobytes() for frame in pixels]


@pytest.mark.parametrize("transfer_syntax", NATIVE)
@pytest.mark.parametrize("kind", ["f4", "f8"])
def test_float_pixels_have_frames(kind: str, transfer_syntax: str) -> None:
    pixels = np.linspace(-1, 1, 12).astype(kind).reshape(3, 2, 2)

    assert frames_of(part10(float_image(pixels), transfer_syntax)) == [frame.tobytes() for frame in pixels]


@pytest.mark.parametrize("transfer_syntax", NATIVE)
def test_frames_of_single_bits_are_cut_at_bits(transfer_syntax: str) -> None:
    pixels = PIXELS.reshape(3, 3, 9) % 2

    frames = frames_of(part10(one_bit_image(pixels), transfer_syntax))

    assert frames == [np.packbits(frame.ravel(), bitorder="little").tobytes() for frame in pixels]


@pytest.mark.parametrize(
    "name", ["SC_rgb_small_odd.dcm", "SC_rgb_small_odd_big_endian.dcm", "rtdose.dcm", "rtdose_expb.dcm"]
)
def test_the_frames_of_real_native_files_are_those_that_pydicom_reads(name: str) -> None:
    pixels = pydicom.dcmread(BytesIO(raw(name))).pixel_array

    little_endian = pixels.astype(pixels.dtype.newbyteorder("<")).tobytes()
    assert b"".join(frames_of(raw(name))) == little_endian


@pytest.mark.parametrize(
    "name",
    ["SC_rgb_rle_2frame.dcm", "JPEG2000.dcm", "examples_ybr_color.dcm", "rtdose_rle.dcm", "JPEG-lossy.dcm"],
)
def test_the_frames_of_real_encapsulated_files_are_those_that_pydicom_reads(name: str) -> None:
    instance = pydicom.dcmread(BytesIO(raw(name)))
    expected = generate_frames(instance.PixelData, number_of_frames=int(instance.get("NumberOfFrames", 1)))

    assert frames_of(raw(name)) == list(expected)


@pytest.mark.parametrize(("photometric", "bytes_per_pixel"), [("YBR_FULL_422", 2), ("YBR_FULL", 3)])
def test_subsampled_chroma_makes_frames_smaller(photometric: str, bytes_per_pixel: int) -> None:
    instance = image(np.zeros((2, 4, 4, 3), "u1"), PhotometricInterpretation=photometric)

    table = table_of(part10(instance))

    assert table is not None
    assert table.span(2).length == 16 * bytes_per_pixel


@pytest.mark.parametrize(
    "instance",
    [
        pytest.param(data_set(), id="no pixels"),
        pytest.param(data_set(PixelData=b"", BitsAllocated=16), id="pixels of no length"),
        pytest.param(data_set(FloatPixelData=b"", BitsAllocated=32), id="float pixels of no length"),
    ],
)
def test_without_pixels_there_is_no_table(instance: Dataset) -> None:
    assert table_of(part10(instance)) is None


def test_pixel_data_that_is_a_sequence_is_no_pixel_data() -> None:
    instance = data_set()
    instance.add_new("FloatPixelData", "SQ", [data_set()])
    instance["FloatPixelData"].is_undefined_length = True

    assert table_of(part10(instance)) is None


@pytest.mark.parametrize(
    "lies",
    [
        pytest.param({"Rows": 65535, "Columns": 65535}, id="more pixels than there are"),
        pytest.param({"Rows": 0}, id="no rows"),
        pytest.param({"Columns": None}, id="no value"),
        pytest.param({"BitsAllocated": 0}, id="no bits"),
    ],
)
@pytest.mark.parametrize("transfer_syntax", NATIVE)
def test_pixels_that_are_described_wrongly_have_no_frames(lies: dict[str, Any], transfer_syntax: str) -> None:
    instance = ct_image()
    for keyword, value in lies.items():
        instance[keyword].value = value

    assert frames_of(part10(instance, transfer_syntax)) == []


@pytest.mark.parametrize("keyword", ["Rows", "BitsAllocated", "SamplesPerPixel", "NumberOfFrames"])
@pytest.mark.parametrize(
    ("vr", "value"),
    [("CS", "A"), ("PN", "A^B"), ("SQ", [data_set()]), ("FD", 1.5), ("UL", 2**32 - 1), ("SL", -1)],
)
@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, BIG_ENDIAN])
def test_a_description_of_another_vr_is_not_trusted(
    keyword: str, vr: str, value: Any, transfer_syntax: str
) -> None:
    instance = ct_image()
    file = part10(instance, transfer_syntax)
    instance.add_new(keyword, vr, value)

    damaged = file_head(instance, transfer_syntax) + encoded(instance, transfer_syntax)

    assert frames_of(damaged) in ([], frames_of(file))


def test_no_more_frames_are_counted_than_are_there() -> None:
    assert len(frames_of(part10(image(np.zeros((2, 3, 5), "u1"), NumberOfFrames=1000)))) == 2
