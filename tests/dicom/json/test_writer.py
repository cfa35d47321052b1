import base64
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pytest
from pydicom import Dataset
from pydicom.dataelem import DataElement
from pydicom.valuerep import STANDARD_VR

from service.dicom.encoding.elements import EXPLICIT_LITTLE, Encoding
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.walk import walk
from service.dicom.json.writer import JsonModel
from service.dicom_json import DicomJson
from tests.builders import BIG_ENDIAN, EXPLICIT, IMPLICIT, data_set, element, item
from tests.dicom.converted import NAME, SEQUENCE_END, bulkdata, converted, metadata, model_of, of_bytes
from tests.dicom.every_vr import every_vr, json_of_every_vr
from tests.dicom.packaged import READABLE, reference


def encoding_of(path: Path) -> Encoding:
    return read_file_meta(path.read_bytes()).encoding


def by_pydicom(instance: Dataset) -> DicomJson:
    """Return pydicom's JSON, without what it does otherwise than PS3.18 F.2 asks."""
    return {
        f"{int(element.tag):08X}": _attribute_by_pydicom(element)
        for element in instance
        if element.tag.element
        and element.tag.group > 2
        and element.tag not in (0xFFFCFFFC, 0x7FE00001, 0x7FE00002)
    }


def _attribute_by_pydicom(element: DataElement) -> DicomJson:
    if element.VR == "SQ":
        items = [by_pydicom(part) for part in element.value]
        return {"vr": "SQ", "Value": items} if items else {"vr": "SQ"}
    if element.tag == 0x00080005:
        return {"vr": "CS", "Value": ["ISO_IR 192"]} if element.value else {"vr": "CS"}
    if not element.value and element.value != 0:
        return {"vr": element.VR}
    attribute: DicomJson = element.to_json_dict(None, 0)
    return (
        {"vr": element.VR, "Value": [_value(value) for value in attribute["Value"]]}
        if "Value" in attribute
        else attribute
    )


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.rstrip(" ") or None  # pydicom keeps the padding of values that are not the last
    if isinstance(value, dict):
        return {group: text for group, text in value.items() if text} or None
    return value


def inlined(model: JsonModel, attributes: DicomJson, path: str = "") -> DicomJson:
    """Put the bytes that the model left out into its JSON; of fragments, all items."""
    return {tag: _inlined(model, attribute, f"{path}{tag}") for tag, attribute in attributes.items()}


def _inlined(model: JsonModel, attribute: DicomJson, path: str) -> DicomJson:
    if attribute["vr"] == "SQ" and "Value" in attribute:
        items = [
            inlined(model, item, f"{path}/{number}/") for number, item in enumerate(attribute["Value"], 1)
        ]
        return {"vr": "SQ", "Value": items}
    if "BulkDataURI" not in attribute:
        return attribute
    assert attribute["BulkDataURI"] == f"URL/{path}"
    value = bulkdata(model, path)
    return {
        "vr": attribute["vr"],
        "InlineBinary": base64.b64encode(value.removesuffix(SEQUENCE_END)).decode(),
    }


# Number of Frames is "1A", which pydicom cannot convert; of big endian values it gives the bytes as they are.
COMPARED = [path for path in READABLE if path.name != "badVR.dcm" and encoding_of(path).little_endian]


@pytest.mark.parametrize("path", COMPARED, ids=lambda path: path.name)
def test_the_metadata_of_a_file_is_what_pydicom_says(path: Path) -> None:
    model = model_of(path.read_bytes())

    attributes = inlined(model, converted(model))

    with warnings.catch_warnings(action="ignore"):
        assert attributes == by_pydicom(reference(path))
    assert list(attributes) == sorted(attributes)


@pytest.mark.parametrize("transfer_syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN])
def test_a_value_of_every_vr_is_exact_in_every_encoding(transfer_syntax: str) -> None:
    attributes = metadata(every_vr(), transfer_syntax)

    assert {tag: attributes[tag] for tag in json_of_every_vr()} == json_of_every_vr()
    items = attributes["00720080"]["Value"]
    assert items == [metadata(data_set()), {}]


@pytest.mark.parametrize("vr", sorted(STANDARD_VR))
def test_a_value_of_no_length_has_only_its_vr(vr: str) -> None:
    assert of_bytes(element(0x00091001, vr, b"")) == {"00091001": {"vr": vr}}


def test_values_that_are_all_empty_are_none() -> None:
    assert of_bytes(element(0x00100010, "PN", b"==\\ ")) == {"00100010": {"vr": "PN"}}


def test_attributes_are_ascending_and_the_last_of_two_alike_counts() -> None:
    attributes = of_bytes(element(0x00200010, "SH", b"S1"), NAME, element(0x00200010, "SH", b"S2"))

    assert list(attributes) == ["00100010", "00200010"]
    assert attributes["00200010"]["Value"] == ["S2"]


def test_what_belongs_to_the_encoding_alone_is_left_out() -> None:
    attributes = of_bytes(
        element(0x00020010, "UI", b"1.2 "),
        element(0x00080000, "UL", bytes(4)),
        NAME,
        element(0x7FE00001, "OV", bytes(8)),
        element(0x7FE00002, "OV", bytes(8)),
        element(0xFFFCFFFC, "OB", bytes(8)),
    )

    assert list(attributes) == ["00100010"]


def test_private_attributes_and_their_creators_are_kept() -> None:
    attributes = metadata(privately("GEMS_ACQU_01", 0x00191002, "SL", 5), IMPLICIT)

    assert attributes["00190010"] == {"vr": "LO", "Value": ["GEMS_ACQU_01"]}
    assert attributes["00191002"] == {"vr": "SL", "Value": [5]}


def test_a_private_attribute_of_implicit_vr_that_no_dictionary_knows_is_un() -> None:
    attributes = metadata(privately("NOBODY", 0x00191002, "SL", 5), IMPLICIT)

    assert attributes["00191002"] == {"vr": "UN", "InlineBinary": "BQAAAA=="}


def privately(creator: str, tag: int, vr: str, value: Any) -> Dataset:
    instance = data_set()
    instance.add_new(tag & 0xFFFF0000 | 0x10, "LO", creator)
    instance.add_new(tag, vr, value)
    return instance


def test_a_creator_inside_an_item_is_not_known_outside_it() -> None:
    instance = privately("NOBODY", 0x00191002, "SL", 5)
    instance.RequestAttributesSequence = [privately("GEMS_ACQU_01", 0x00191002, "SL", 5)]

    model = metadata(instance, IMPLICIT)

    assert model["00400275"]["Value"][0]["00191002"]["vr"] == "SL"
    assert model["00191002"]["vr"] == "UN"


@pytest.mark.parametrize(("representation", "vr", "number"), [(0, "US", 0xFFFE), (1, "SS", -2)])
def test_pixel_representation_decides_between_us_and_ss_also_in_items(
    representation: int, vr: str, number: int
) -> None:
    item = Dataset()
    item.add_new("MappedPixelValue", vr, number)
    instance = data_set(PixelRepresentation=representation, ModalityLUTSequence=[item])
    instance.add_new("SmallestImagePixelValue", vr, number)

    model = metadata(instance, IMPLICIT)

    expected = {"vr": vr, "Value": [number]}
    assert model["00280106"] == expected
    assert model["00283000"]["Value"][0]["00221452"] == expected


def test_an_item_may_have_its_own_character_set() -> None:
    inside = element(0x00080005, "CS", b"ISO_IR 192") + element(0x00081040, "LO", "Ü".encode())
    inherited = element(0x00081040, "LO", b"\xdc ")

    attributes = of_bytes(
        element(0x00080005, "CS", b"ISO_IR 100"),
        element(0x00081110, "SQ", item(inside) + item(inherited)),
        element(0x00081040, "LO", b"\xdc "),
    )

    texts = [attributes, *attributes["00081110"]["Value"]]
    assert [item["00081040"]["Value"] for item in texts] == [["Ü"]] * 3
    assert [item.get("00080005") for item in texts] == [{"vr": "CS", "Value": ["ISO_IR 192"]}] * 2 + [None]


def test_numbers_without_a_json_form_are_null() -> None:
    values = np.array([np.nan, 1.5, np.inf]).tobytes()

    attributes = of_bytes(element(0x00091001, "FD", values))

    assert orjson.loads(orjson.dumps(attributes)) == {"00091001": {"vr": "FD", "Value": [None, 1.5, None]}}


def test_a_hundred_thousand_private_blocks_are_read() -> None:
    blocks = ((group, block) for group in range(0x0009, 0x0400, 2) for block in range(0x10, 0x100))
    buffer = b"".join(element(group << 16 | block, "LO", b"A ") for group, block in blocks)

    assert len(of_bytes(buffer)) > 100_000


def test_bytes_that_were_read_before_mean_what_they_mean_here() -> None:
    known, unknown = (privately(creator, 0x00191002, "SL", 5) for creator in ("GEMS_ACQU_01", "NOBODY"))
    in_german, in_russian = (
        of_bytes(element(0x00080005, "CS", charset), element(0x00081040, "LO", b"\xdc "))
        for charset in (b"ISO_IR 100", b"ISO_IR 144")
    )

    vrs = [metadata(each, IMPLICIT)["00191002"]["vr"] for each in (known, unknown, known, unknown)]

    assert vrs == ["SL", "UN", "SL", "UN"]
    assert [each["00081040"]["Value"] for each in (in_german, in_russian)] == [["Ü"], ["м"]]


def test_what_is_wrong_with_a_value_is_told_each_time() -> None:
    instance = element(0x00080020, "DA", b"yesterday ")
    models = JsonModel(instance), JsonModel(instance)

    for model in models:
        model.convert(walk(instance, 0, EXPLICIT_LITTLE), EXPLICIT_LITTLE)

    assert [list(model.flaws) for model in models] == [[0x00080020]] * 2
