import pytest
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

from service.dicom.encoding.vr import (
    Context,
    block_of_creator,
    dictionary_vr,
    is_creator,
    is_private,
    resolve,
)
from service.dicom.encoding.words import WORD_SIZES
from service.dicom.json import values

VRS = values.TEXT_DECODERS.keys() | values.NUMBER_DECODERS.keys() | WORD_SIZES.keys()


def test_every_attribute_of_the_dictionary_has_one_vr() -> None:
    tags = [tag for tag in DicomDictionary if tag >> 16 != 0xFFFE]

    resolved = {resolve(tag, encoded, Context()) for tag in tags for encoded in ("", "UN")}

    assert resolved == VRS


def test_repeating_groups_have_a_vr() -> None:
    tags = [int(mask.replace("x", "0"), 16) for mask in RepeatersDictionary]

    assert {resolve(tag, "", Context()) for tag in tags} <= VRS
    assert resolve(0x60020010, "", Context()) == "US"


@pytest.mark.parametrize(
    ("tag", "encoded", "expected"),
    [
        pytest.param(0x00100010, "PN", "PN", id="as encoded"),
        pytest.param(0x00100010, "LO", "LO", id="as encoded, though it is another's"),
        pytest.param(0x00100010, "", "PN", id="implicit"),
        pytest.param(0x00100010, "UN", "PN", id="unknown to its writer"),
        pytest.param(0x00100000, "", "UL", id="a group length"),
        pytest.param(0x0010FFFF, "", "UN", id="unknown to everybody"),
        pytest.param(0x7FE00010, "", "OW", id="pixels of implicit VR"),
        pytest.param(0x00283006, "", "OW", id="the data of a LUT"),
        pytest.param(0x00081140, "UN", "UN", id="a sequence without items"),
        pytest.param(0x00090010, "", "LO", id="a private creator"),
        pytest.param(0x00091001, "", "UN", id="of an unknown creator"),
        pytest.param(0x00091001, "DS", "DS", id="private, as encoded"),
    ],
)
def test_the_dictionary_answers_where_the_encoding_is_silent(tag: int, encoded: str, expected: str) -> None:
    assert resolve(tag, encoded, Context()) == expected


@pytest.mark.parametrize(("signed", "expected"), [(False, "US"), (True, "SS")])
def test_pixel_representation_decides_between_us_and_ss(signed: bool, expected: str) -> None:
    smallest_image_pixel_value = 0x00280106

    assert resolve(smallest_image_pixel_value, "", Context(signed)) == expected


def test_a_private_attribute_is_known_by_the_creator_of_its_block() -> None:
    creators = {block_of_creator(0x00190011): "GEMS_ACQU_01"}

    assert resolve(0x00191102, "", Context(creators=creators)) == "SL"
    assert resolve(0x00191002, "", Context(creators=creators)) == "UN"
    assert resolve(0x00211102, "", Context(creators=creators)) == "UN"


@pytest.mark.parametrize(
    ("tag", "private", "creator"),
    [
        (0x00080010, False, False),
        (0x00090002, True, False),
        (0x00090010, True, True),
        (0x000900FF, True, True),
        (0x00091010, True, False),
    ],
)
def test_private_attributes_and_their_creators_are_told_by_their_tags(
    tag: int, private: bool, creator: bool
) -> None:
    assert (is_private(tag), is_creator(tag)) == (private, creator)


def test_an_unknown_tag_is_un_in_the_dictionary() -> None:
    assert dictionary_vr(0x00111111) == "UN"
