import numpy as np
import pytest
from pydicom import Dataset

from service.dicom.frames import EncapsulatedFrames, NativeFrames
from service.dicom.instance import Uids, is_uid
from tests.builders import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    ct_image,
    data_set,
    element,
    encapsulated,
    encoded,
    file_head,
    image,
    part10,
)
from tests.dicom.parsed import parse


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_an_instance_is_all_that_later_answers_need(transfer_syntax: str) -> None:
    parsed = parse(part10(ct_image("1.2.3", PatientName="Doe^Jane"), transfer_syntax))

    assert parsed.uids == Uids("1", "1.2", "1.2.3")
    assert (parsed.transfer_syntax, parsed.conformant, parsed.warning) == (transfer_syntax, True, "")
    assert parsed.metadata["00100010"] == {"vr": "PN", "Value": [{"Alphabetic": "Doe^Jane"}]}
    assert (
        parsed.metadata["7FE00010"]["BulkDataURI"]
        == "BASE/studies/1/series/1.2/instances/1.2.3/bulkdata/7FE00010"
    )
    assert list(parsed.bulkdata) == ["7FE00010"]
    assert parsed.image == {tag: parsed.metadata[tag] for tag in ("00280010", "00280011", "00281050")}
    assert isinstance(parsed.frames, NativeFrames)


def test_the_pixels_as_bulk_data_are_swapped_like_the_frames() -> None:
    parsed = parse(part10(image(np.zeros((2, 2), "u4")), BIG_ENDIAN))

    assert isinstance(parsed.frames, NativeFrames)
    assert parsed.bulkdata["7FE00010"].word_size == parsed.frames.word_size == 4


def test_an_instance_without_pixels_has_no_frames_and_no_image() -> None:
    parsed = parse(part10(data_set()))

    assert (parsed.frames, parsed.image, parsed.bulkdata) == (None, None, {})


def test_the_tables_that_rendering_needs_are_in_place_however_long() -> None:
    table = np.arange(4096, dtype="<u2").tobytes()
    lut = Dataset()
    lut.add_new("LUTData", "OW", table)

    parsed = parse(part10(ct_image(ModalityLUTSequence=[lut])))

    assert parsed.image is not None
    assert "InlineBinary" in parsed.image["00283000"]["Value"][0]["00283006"]
    assert "BulkDataURI" in parsed.metadata["00283000"]["Value"][0]["00283006"]


@pytest.mark.parametrize("head", [b"", bytes(128) + b"DICM"], ids=["nothing", "a preamble"])
def test_a_file_without_a_complete_head_is_kept_with_a_warning(head: bytes) -> None:
    parsed = parse(head + encoded(ct_image(), IMPLICIT))

    assert (parsed.transfer_syntax, parsed.conformant) == (IMPLICIT, False)
    assert "no complete Part 10 head" in parsed.warning


@pytest.mark.parametrize(
    ("instance", "warning"),
    [
        (image(np.zeros((2, 3, 5), "u1"), NumberOfFrames=9), "9 frames are described, 2 are there"),
        (ct_image(Rows=4000), "1 frames are described, 0 are there"),
        (encapsulated([[b"ab", b"cd"], [b"ef"]], "empty"), "2 frames are described, 0 are there"),
    ],
)
def test_fewer_frames_than_described_are_tolerated_with_a_warning(instance: Dataset, warning: str) -> None:
    assert parse(part10(instance)).warning == warning


def test_a_video_has_fewer_frames_than_described_without_a_warning() -> None:
    parsed = parse(part10(encapsulated([[b"ab"], [b"cd"]]), "1.2.840.10008.1.2.4.102"))

    assert isinstance(parsed.frames, EncapsulatedFrames)
    assert (parsed.frames.number_of_frames, parsed.warning) == (1, "")


@pytest.mark.parametrize(
    "odd",
    [
        pytest.param(element(0x00100020, "LO", b""), id="an empty Patient ID"),
        pytest.param(element(0x00080020, "DA", b"yesterday "), id="a date that is none"),
        pytest.param(element(0x00200011, "IS", b"1A"), id="a number that is none"),
        pytest.param(element(0x00200013, "US", b"\1\0\0"), id="a number and a half, of another VR"),
        pytest.param(element(0x00080005, "CS", b"KLINGON "), id="an unknown character set"),
        pytest.param(element(0x00100010, "PN", b"M\xfcller\x1b"), id="bytes of another character set"),
    ],
)
def test_what_can_be_addressed_is_kept(odd: bytes) -> None:
    assert parse(file_head(data_set()) + encoded(data_set()) + odd).uids.instance == "1.2.3"


@pytest.mark.parametrize("value", ["0", "1.2", "2.25.0", "1.0.10", "9" * 64])
def test_digits_and_dots_are_a_uid(value: str) -> None:
    assert is_uid(value)


@pytest.mark.parametrize(
    "value", ["", ".", "1.", ".1", "1..2", "01", "1.00", "1 ", "1\n", "-1", "1,2", "١", "9" * 65, "1." * 500]
)
def test_anything_else_is_no_uid(value: str) -> None:
    assert not is_uid(value)
