import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom import Dataset

from service.dicom.encoding.elements import Malformed
from service.dicom.instance import CANNOT_UNDERSTAND, DOES_NOT_MATCH_SOP_CLASS
from service.errors import Refusal
from tests.builders import (
    BIG_ENDIAN,
    IMPLICIT,
    JPEG_2000,
    code_stream,
    ct_image,
    data_set,
    element,
    encapsulated,
    encoded,
    file_head,
    image,
    item,
    part10,
)
from tests.dicom.parsed import parse

MR = "1.2.840.10008.5.1.4.1.1.4"


def refused(instance: Dataset, *elements: bytes) -> Refusal:
    """Return the refusal of a data set with further elements."""
    with pytest.raises(Refusal) as caught:
        parse(file_head(data_set()) + encoded(instance) + b"".join(elements))
    return caught.value


UIDS = {
    "StudyInstanceUID": 0x0020000D,
    "SeriesInstanceUID": 0x0020000E,
    "SOPInstanceUID": 0x00080018,
    "SOPClassUID": 0x00080016,
}


@pytest.mark.parametrize("keyword", UIDS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        pytest.param("", "is missing", id="empty"),
        pytest.param(" \0", "is not a UID", id="padding"),
        pytest.param("1.02", "is not a UID", id="a leading zero"),
        pytest.param("1.2.x", "is not a UID", id="a letter"),
        pytest.param("../1", "is not a UID", id="a path"),
        pytest.param("1..2", "is not a UID", id="an empty component"),
        pytest.param("1\\2", "is not a UID", id="two"),
        pytest.param("1" * 65, "is not a UID", id="65 digits"),
        pytest.param("1." * 300, "is not a UID", id="600 characters"),
    ],
)
def test_an_instance_that_cannot_be_addressed_is_refused(keyword: str, value: str, message: str) -> None:
    instance = ct_image()
    del instance[keyword]

    refusal = refused(instance, element(UIDS[keyword], "UI", value.encode()))

    assert refusal.reason == DOES_NOT_MATCH_SOP_CLASS
    assert refusal.message.startswith(f"{keyword} {message}")


@pytest.mark.parametrize("keyword", UIDS)
def test_an_instance_without_one_of_its_uids_is_refused(keyword: str) -> None:
    instance = ct_image()
    del instance[keyword]

    assert refused(instance).message == f"{keyword} is missing"


def test_a_refusal_names_the_instance_as_far_as_it_could_be_read() -> None:
    instance = data_set("1.2.3")
    del instance.StudyInstanceUID

    refusal = refused(instance)

    assert (refusal.sop_class_uid, refusal.sop_instance_uid) == (MR, "1.2.3")


@pytest.mark.parametrize("end", [1, 2, 100, 135])
def test_a_file_cut_short_is_refused_with_what_was_found_and_expected(end: int) -> None:
    with pytest.raises(Refusal, match="the file is cut short") as caught:
        parse(part10(ct_image("1.2.3"))[:-end])

    assert caught.value.reason == CANNOT_UNDERSTAND
    assert caught.value.sop_instance_uid == "1.2.3"
    if end <= 100:
        assert caught.value.message.endswith(f"(7FE0,0010) says 128 bytes, and {128 - end} are there")


@pytest.mark.parametrize(
    "file",
    [
        part10(ct_image(RequestAttributesSequence=[data_set(), Dataset()])),
        part10(ct_image(RequestAttributesSequence=[data_set(), Dataset()]), IMPLICIT),
        part10(ct_image(RequestAttributesSequence=[data_set(), Dataset()]), BIG_ENDIAN),
        part10(encapsulated([[code_stream(b"a")], [code_stream(b"b")]], "extended"), JPEG_2000),
    ],
    ids=["explicit", "implicit", "big endian", "encapsulated"],
)
def test_a_file_cut_anywhere_is_refused_or_has_all_its_values(file: bytes) -> None:
    whole = parse(file)

    for end in range(len(file)):
        try:
            parsed = parse(file[:end])
        except (Refusal, Malformed):
            continue
        assert parsed.metadata.items() <= whole.metadata.items()


def test_sequences_nested_too_deep_are_refused() -> None:
    nested = (b"\x40\x00\x75\x02SQ\0\0" + b"\xff" * 4 + b"\xfe\xff\x00\xe0" + b"\xff" * 4) * 3000

    with pytest.raises(Refusal, match="nested more than 64 deep"):
        parse(file_head(data_set()) + encoded(data_set()) + nested)


def test_a_length_of_four_gigabytes_is_refused() -> None:
    file = part10(ct_image())
    lying = file[: -128 - 4] + struct.pack("<L", 2**32 - 2) + file[-128:]

    with pytest.raises(Refusal, match="says 4294967294 bytes, and 128 are there"):
        parse(lying)


@pytest.mark.parametrize("text", ["Doe^Jane", "19500101", "P1"])
def test_no_message_has_anything_of_the_patient(text: str) -> None:
    instance = ct_image("1.2.3", PatientName="Doe^Jane", PatientBirthDate="19500101", PatientID="P1")
    del instance.SeriesInstanceUID

    assert text not in refused(instance).message


FILES = [
    part10(ct_image(RequestAttributesSequence=[data_set()], SpecificCharacterSet="ISO_IR 192")),
    part10(ct_image(), IMPLICIT),
    part10(image(np.zeros((2, 3, 5), "u1")), BIG_ENDIAN),
    part10(encapsulated([[code_stream(b"a")], [code_stream(b"b")]], "extended"), JPEG_2000),
    part10(encapsulated([[code_stream(b"a"), item(b"b")]], "basic"), JPEG_2000),
]


@settings(max_examples=500)
@given(st.data(), st.sampled_from(FILES))
def test_a_damaged_file_is_an_instance_or_refused(data: st.DataObject, file: bytes) -> None:
    damaged = bytearray(file)
    for place in data.draw(st.lists(st.integers(128, len(file) - 1), min_size=1, max_size=5)):
        damaged[place] = data.draw(st.sampled_from([0, 1, 4, 0x28, 0x41, 0x51, 0xE0, 0xFE, 0xFF]))

    try:
        parsed = parse(bytes(damaged))
    except (Refusal, Malformed):
        return

    assert all(place.offset + place.length <= len(file) for place in parsed.bulkdata.values())
    number = parsed.frames.number_of_frames if parsed.frames else 0
    spans = [parsed.frames.span(index) for index in range(1, number + 1)] if parsed.frames else []
    assert all(span.offset + span.length <= len(file) for span in spans)


@pytest.mark.parametrize(
    "elements",
    [
        pytest.param(element(0x00080050, "SH", b"\\" * 9000), id="values"),
        pytest.param(element(0x0040A123, "PN", b"A\\" * 4000), id="names"),
        pytest.param(b"".join(element(0x00411001 + n, "US", b"") for n in range(4000)), id="attributes"),
    ],
)
def test_what_takes_far_more_memory_than_the_file_has_bytes_is_refused(
    elements: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.dicom.json.room._ROOM", 100_000)

    refusal = refused(ct_image(), elements)

    assert refusal.reason == CANNOT_UNDERSTAND
    assert "more attributes, items and values than suit" in refusal.message


def test_what_takes_memory_in_proportion_to_the_file_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.dicom.json.room._ROOM", 100_000)
    contour = element(0x30060050, "DS", b"\\".join([b"-12.5"] * 9000))

    parsed = parse(file_head(data_set()) + encoded(ct_image()) + contour)

    assert parsed.metadata["30060050"]["Value"] == [-12.5] * 9000
