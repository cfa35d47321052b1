import warnings
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset
from pydicom.uid import CTImageStorage

from service.dicom.encoding.elements import EXPLICIT_BIG, EXPLICIT_LITTLE, IMPLICIT_LITTLE, Encoding
from service.dicom.encoding.explicit import Value, file_head, to_explicit_little_endian
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.walk import walk
from service.dicom.encoding.words import swapped
from tests.builders import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    ct_image,
    data_set,
    encoded,
    float_image,
    image,
    one_bit_image,
)
from tests.dicom.every_vr import every_vr
from tests.dicom.packaged import READABLE

ENCODINGS = {EXPLICIT: EXPLICIT_LITTLE, IMPLICIT: IMPLICIT_LITTLE, BIG_ENDIAN: EXPLICIT_BIG}


def converted(buffer: bytes, encoding: Encoding, start: int = 0) -> bytes:
    """Return the data set in explicit VR little endian, its long values filled in."""
    pieces = to_explicit_little_endian(buffer, walk(buffer, start, encoding), encoding)
    return b"".join(_filled_in(buffer, piece) for piece in pieces)


def _filled_in(buffer: bytes, piece: bytes | Value) -> bytes:
    if isinstance(piece, bytes):
        return piece
    return swapped(buffer[piece.offset : piece.offset + piece.length], piece.word_size)


def read(buffer: bytes) -> Dataset:
    """Return what pydicom reads, group lengths aside."""
    with warnings.catch_warnings(action="ignore"):
        instance = pydicom.dcmread(BytesIO(buffer), force=True)
        instance.walk(lambda *_: None)
        for group_length in [element.tag for element in instance if not element.tag.element]:
            del instance[group_length]
    return instance


def to_be_converted() -> list[Path]:
    paths = [path for path in READABLE if read_file_meta(path.read_bytes()).encoding != EXPLICIT_LITTLE]
    return [path for path in paths if path.name != "nested_priv_SQ.dcm"]  # of group 0001, which is nobody's


@pytest.mark.parametrize("path", to_be_converted(), ids=lambda path: path.name)
def test_a_converted_file_says_what_the_stored_one_says(path: Path) -> None:
    stored = path.read_bytes()
    meta = read_file_meta(stored)

    instance = read(file_head("1.2", "1.2.3") + converted(stored, meta.encoding, meta.dataset_offset))

    expected = read(stored)
    if "PixelData" in expected and not meta.encoding.little_endian:  # which pydicom swaps only in arrays
        np.testing.assert_array_equal(instance.pixel_array, expected.pixel_array)
        del instance.PixelData, expected.PixelData
    assert instance == expected


@pytest.mark.parametrize("transfer_syntax", ENCODINGS)
@pytest.mark.parametrize(
    "instance",
    [
        pytest.param(every_vr(), id="every VR"),
        pytest.param(ct_image(), id="an image"),
        pytest.param(float_image(np.arange(8, dtype="f8").reshape(2, 2, 2)), id="double float pixels"),
        pytest.param(Dataset(), id="nothing"),
    ],
)
def test_every_encoding_is_converted_to_the_same_values(instance: Dataset, transfer_syntax: str) -> None:
    result = converted(encoded(instance, transfer_syntax), ENCODINGS[transfer_syntax])

    assert read(result) == read(encoded(instance))


@pytest.mark.parametrize("transfer_syntax", ENCODINGS)
@pytest.mark.parametrize(
    "instance",
    [
        pytest.param(image(np.arange(27, dtype="u1").reshape(3, 3, 3)), id="8 bits, odd length"),
        pytest.param(image(np.arange(70_000, dtype="i2").reshape(7, 10_000)), id="16 bits, long"),
        pytest.param(image(np.arange(70_000, dtype="u4").reshape(7, 10_000)), id="32 bits, long"),
        pytest.param(one_bit_image(np.eye(5)[np.newaxis]), id="single bits"),
    ],
)
def test_pixels_of_every_encoding_become_little_endian(instance: Dataset, transfer_syntax: str) -> None:
    result = converted(encoded(instance, transfer_syntax), ENCODINGS[transfer_syntax])

    assert read(result).PixelData == instance.PixelData


@pytest.mark.parametrize("allocated", [12, 24, 1, 65535])
def test_pixels_of_no_usual_size_are_converted_as_words(allocated: int) -> None:
    stored = ct_image(BitsAllocated=allocated)

    assert read(converted(encoded(stored, BIG_ENDIAN), EXPLICIT_BIG)).PixelData == stored.PixelData


TEXTS = st.text("ABC^ é山", max_size=8)
ATTRIBUTES: dict[str, st.SearchStrategy[Any]] = {
    "SelectorAEValue": st.sampled_from(["", "A", "STORE"]),
    "SelectorATValue": st.integers(0, 2**32 - 1),
    "SelectorFDValue": st.lists(st.floats(allow_nan=False), max_size=3),
    "SelectorISValue": st.integers(-(2**31), 2**31 - 1),
    "SelectorLTValue": TEXTS,
    "SelectorOBValue": st.binary(max_size=20).filter(lambda value: len(value) % 2 == 0),
    "SelectorOFValue": st.binary(max_size=20).filter(lambda value: len(value) % 4 == 0),
    "SelectorOVValue": st.binary(max_size=20).filter(lambda value: len(value) % 8 == 0),
    "SelectorPNValue": TEXTS,
    "SelectorSLValue": st.lists(st.integers(-(2**31), 2**31 - 1), max_size=3),
    "SelectorUSValue": st.integers(0, 2**16 - 1),
    "SelectorUVValue": st.integers(0, 2**64 - 1),
}


def data_sets(depth: int) -> st.SearchStrategy[Dataset]:
    items = {"SelectorCodeSequenceValue": st.lists(data_sets(depth - 1), max_size=3)} if depth else {}
    attributes = st.fixed_dictionaries({}, optional=ATTRIBUTES | items)
    return attributes.map(lambda values: data_set(SpecificCharacterSet="ISO_IR 192", **values))


@settings(max_examples=60)
@given(data_sets(depth=2), st.sampled_from([IMPLICIT, BIG_ENDIAN]))
def test_any_data_set_is_converted_to_the_same_values(instance: Dataset, transfer_syntax: str) -> None:
    result = converted(encoded(instance, transfer_syntax), ENCODINGS[transfer_syntax])

    assert read(result) == read(encoded(instance))


@pytest.mark.parametrize("transfer_syntax", ENCODINGS)
def test_converting_twice_changes_nothing(transfer_syntax: str) -> None:
    once = converted(encoded(every_vr(), transfer_syntax), ENCODINGS[transfer_syntax])

    assert converted(once, EXPLICIT_LITTLE) == once


def test_long_values_are_named_by_their_place() -> None:
    buffer = encoded(image(np.zeros((200, 200), "u2")), BIG_ENDIAN)

    pieces = list(to_explicit_little_endian(buffer, walk(buffer, 0, EXPLICIT_BIG), EXPLICIT_BIG))

    assert Value(len(buffer) - 80_000, 80_000, word_size=2) in pieces


def test_a_value_of_odd_length_is_padded() -> None:
    buffer = b"\x10\0\x10\0\x03\0\0\0A^B"

    assert converted(buffer, IMPLICIT_LITTLE) == b"\x10\0\x10\0PN\x04\0A^B\0"


def test_a_value_too_long_for_the_header_of_its_vr_is_un() -> None:
    buffer = b"\x10\0\x10\0\0\0\1\0" + b"A" * 2**16

    assert converted(buffer, IMPLICIT_LITTLE) == b"\x10\0\x10\0UN\0\0\0\0\1\0" + b"A" * 2**16


def test_group_lengths_are_left_out() -> None:
    group_length, name = b"\x10\0\0\0\4\0\0\0\x0c\0\0\0", b"\x10\0\x10\0\4\0\0\0A^B "

    assert converted(group_length + name, IMPLICIT_LITTLE) == b"\x10\0\x10\0PN\4\0A^B "


def test_a_sequence_of_the_dictionary_without_items_stays_bytes() -> None:
    buffer = b"\x40\0\x75\2\4\0\0\0junk"

    assert converted(buffer, IMPLICIT_LITTLE) == b"\x40\0\x75\2UN\0\0\4\0\0\0junk"


def test_the_vr_of_a_private_attribute_comes_from_its_creator() -> None:
    instance = Dataset()
    instance.add_new(0x00190010, "LO", "GEMS_ACQU_01")
    instance.add_new(0x00191002, "SL", -5)
    instance.add_new(0x00190011, "LO", "NOBODY")
    instance.add_new(0x00191102, "UN", b"1234")

    result = read(converted(encoded(instance, IMPLICIT), IMPLICIT_LITTLE))

    assert (result[0x00191002].VR, result[0x00191002].value) == ("SL", -5)
    assert (result[0x00191102].VR, result[0x00191102].value) == ("UN", b"1234")


@pytest.mark.parametrize(("signed", "vr"), [(0, "US"), (1, "SS")])
def test_pixel_representation_decides_between_us_and_ss(signed: int, vr: str) -> None:
    instance = Dataset()
    instance.PixelRepresentation = signed
    instance.add_new("SmallestImagePixelValue", vr, 5)

    assert vr == read(converted(encoded(instance, IMPLICIT), IMPLICIT_LITTLE))["SmallestImagePixelValue"].VR


@pytest.mark.parametrize("uid", ["1.2", "1.23"])
def test_the_head_of_a_converted_file_names_its_encoding_and_identity(uid: str) -> None:
    file = file_head(CTImageStorage, uid)

    meta = pydicom.dcmread(BytesIO(file)).file_meta

    assert read_file_meta(file).conformant
    assert meta.TransferSyntaxUID == EXPLICIT
    assert (meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID) == (
        "1.2.840.10008.5.1.4.1.1.2",
        uid,
    )
    assert meta.FileMetaInformationGroupLength == len(file) - 128 - 4 - 12
