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


_BAD_DATE = "StudyDate (0008,0020): no date (DA)"


@pytest.mark.parametrize(
    ("odd", "warning"),
    [
        pytest.param(element(0x00080020, "DA", b"bad-date"), _BAD_DATE, id="a word as a date"),
        pytest.param(element(0x00080020, "DA", b"20230230"), _BAD_DATE, id="a day that no calendar has"),
        pytest.param(
            element(0x00080030, "TM", b"251010"), "StudyTime (0008,0030): no time (TM)", id="25 o'clock"
        ),
        pytest.param(
            element(0x0008002A, "DT", b"20231301"),
            "AcquisitionDateTime (0008,002A): no date and time (DT)",
            id="a month that no year has",
        ),
        pytest.param(
            element(0x00281052, "DS", b"-1024,0 "),
            "RescaleIntercept (0028,1052): no decimal number (DS)",
            id="a decimal comma",
        ),
        pytest.param(
            element(0x00200013, "IS", b"99999999999999999999"),
            "InstanceNumber (0020,0013): not written as a whole number of 32 bits (IS)",
            id="a number that is too large",
        ),
        pytest.param(
            element(0x00280010, "US", b"\1\0\0"),
            "Rows (0028,0010): 3 bytes where values have 2 each (US)",
            id="a number and a half",
        ),
        *(
            pytest.param(
                b"\x10\0\x20\0" + vr + b"\2\0ID",
                "PatientID (0010,0020): no VR is written with it, that of the dictionary is taken",
                id=f"{vr!r} as a VR",
            )
            for vr in (b"??", b"--", b"  ")
        ),
        pytest.param(
            element(0x00080005, "CS", b"KLINGON "),
            "SpecificCharacterSet (0008,0005): a character set that is not known",
            id="an unknown character set",
        ),
        pytest.param(
            element(0x00100010, "PN", b"M\xfcller\0"),
            "PatientName (0010,0010): text outside the default character set",
            id="umlauts without a character set",
        ),
        pytest.param(
            element(0x00080005, "CS", b"ISO_IR 192") + element(0x00100010, "PN", b"M\xfcller "),
            "PatientName (0010,0010): text that is not of its character set",
            id="Latin-1 that is called UTF-8",
        ),
    ],
)
def test_who_sends_what_is_tolerated_is_told_its_name_and_not_its_value(odd: bytes, warning: str) -> None:
    assert parse(file_head(data_set()) + encoded(data_set()) + odd).warning == warning


@pytest.mark.parametrize(
    "value",
    [
        element(0x00080020, "DA", b"20240229"),
        element(0x00080020, "DA", b"1997.07.01"),
        element(0x00080030, "TM", b"10"),
        element(0x00080030, "TM", b"101112.123456 "),
        element(0x00080030, "TM", b"10:11:12"),
        element(0x0008002A, "DT", b"2024"),
        element(0x0008002A, "DT", b"20240131101112.5+0100"),
        element(0x00281052, "DS", b"-1.024E3\\ 5 "),
        element(0x00200013, "IS", b" -7 \\\\+3"),
        element(0x00080005, "CS", b"ISO_IR 192") + element(0x00100010, "PN", "Müller".encode() + b" "),
        element(0x00080005, "CS", b"UTF-8 ") + element(0x00100010, "PN", "Müller".encode() + b" "),
    ],
)
def test_values_that_are_of_their_kind_are_kept_without_a_warning(value: bytes) -> None:
    assert parse(file_head(data_set()) + encoded(data_set()) + value).warning == ""


def test_only_the_first_flaws_are_told_one_by_one() -> None:
    odd = b"".join(element(0x00080020 + number, "DA", b"bad-date") for number in range(7))

    assert parse(file_head(data_set()) + encoded(data_set()) + odd).warning.endswith(
        "; and 2 attributes more"
    )


@pytest.mark.parametrize("vr", ["SL", "LO", "UN", "OB"])
def test_a_uid_in_another_vr_is_a_uid_all_the_same(vr: str) -> None:
    uid = element(0x00080018, "UI", b"1.2.3\0")
    file = part10(data_set()).replace(uid, element(0x00080018, vr, b"1.2.3\0\0\0"))

    parsed = parse(file)

    assert parsed.metadata["00080018"] == {"vr": "UI", "Value": ["1.2.3"]}
    assert vr == "UN" or "SOPInstanceUID (0008,0018): a UID that is encoded as" in parsed.warning


def test_three_frames_are_three_frames_when_they_are_written_with_decimals() -> None:
    number = element(0x00280008, "IS", b"3.0 ")
    file = part10(image(np.zeros((3, 2, 2), "u1"))).replace(element(0x00280008, "IS", b"3 "), number)

    parsed = parse(file)

    assert parsed.frames is not None
    assert (parsed.frames.number_of_frames, parsed.metadata["00280008"]["Value"]) == (3, [3])
    assert "NumberOfFrames (0028,0008)" in parsed.warning


def test_those_frames_count_that_are_there_when_their_number_cannot_be_read() -> None:
    number = element(0x00280008, "IS", b"1A")
    file = part10(image(np.zeros((3, 2, 2), "u1"))).replace(element(0x00280008, "IS", b"3 "), number)

    parsed = parse(file)

    assert parsed.frames is not None
    assert parsed.frames.number_of_frames == 3
    assert "NumberOfFrames (0028,0008)" in parsed.warning
    assert "are there" not in parsed.warning


@pytest.mark.parametrize("value", ["0", "1.2", "2.25.0", "1.0.10", "9" * 64])
def test_digits_and_dots_are_a_uid(value: str) -> None:
    assert is_uid(value)


@pytest.mark.parametrize(
    "value", ["", ".", "1.", ".1", "1..2", "01", "1.00", "1 ", "1\n", "-1", "1,2", "١", "9" * 65, "1." * 500]
)
def test_anything_else_is_no_uid(value: str) -> None:
    assert not is_uid(value)
