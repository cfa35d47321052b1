import base64

import numpy as np
import pytest
from pydicom import Dataset

from service.dicom.encoding.elements import EXPLICIT_LITTLE, IMPLICIT_LITTLE
from service.dicom.encoding.walk import walk
from service.dicom.encoding.words import WORD_SIZES
from service.dicom.json.writer import (
    MAX_INLINE_BYTES,
    MAX_INLINE_TEXT_BYTES,
    MAX_TABLE_BYTES,
    Bulkdata,
    JsonModel,
)
from tests.builders import (
    BIG_ENDIAN,
    EXPLICIT,
    IMPLICIT,
    code_stream,
    ct_image,
    element,
    encapsulated,
    float_image,
    part10,
)
from tests.dicom.converted import NAME, SEQUENCE_END, bulkdata, converted, metadata, model_of, of_bytes


def test_long_binary_values_are_bulk_data_at_every_depth() -> None:
    inner, outer = Dataset(), Dataset()
    inner.RedPaletteColorLookupTableData = np.arange(1000, dtype="<u2").tobytes()
    outer.IconImageSequence = [Dataset(), inner]
    instance = ct_image(ReferencedImageSequence=[outer])
    path = "00081140/1/00880200/2/00281201"

    for transfer_syntax in (EXPLICIT, IMPLICIT, BIG_ENDIAN):
        model = model_of(part10(instance, transfer_syntax))
        attribute = converted(model)["00081140"]["Value"][0]["00880200"]["Value"][1]["00281201"]
        assert attribute == {"vr": "OW", "BulkDataURI": f"URL/{path}"}
        assert bulkdata(model, path) == inner.RedPaletteColorLookupTableData


@pytest.mark.parametrize(
    ("vr", "longest"),
    [
        *((vr, MAX_INLINE_BYTES) for vr in WORD_SIZES),
        *((vr, MAX_INLINE_TEXT_BYTES) for vr in ("UC", "UT", "UV", "SV")),
    ],
)
def test_a_value_beyond_the_limit_of_its_vr_is_bulk_data(vr: str, longest: int) -> None:
    in_place = of_bytes(element(0x00091001, vr, b"1" * longest))["00091001"]
    beyond = of_bytes(element(0x00091001, vr, b"1" * (longest + 8)))["00091001"]

    assert in_place.keys() - {"InlineBinary", "Value"} == {"vr"}
    assert beyond == {"vr": vr, "BulkDataURI": "00091001"}


def test_a_long_value_whose_vr_cannot_be_bulk_data_stays_in_place() -> None:
    buffer = b"\x10\0\x10\0" + (10**5).to_bytes(4, "little") + b"A" * 10**5

    attributes = JsonModel(buffer).convert(walk(buffer, 0, IMPLICIT_LITTLE), IMPLICIT_LITTLE)

    assert attributes == {"00100010": {"vr": "PN", "Value": [{"Alphabetic": "A" * 10**5}]}}


@pytest.mark.parametrize(
    ("instance", "tag", "vr"),
    [
        (ct_image(), "7FE00010", "OW"),
        (float_image(np.zeros((1, 1, 2), "f4")), "7FE00008", "OF"),
        (float_image(np.zeros((1, 1, 2), "f8")), "7FE00009", "OD"),
        (encapsulated([[code_stream(b"a")]]), "7FE00010", "OB"),
    ],
)
def test_pixels_are_bulk_data_however_few(instance: Dataset, tag: str, vr: str) -> None:
    assert metadata(instance)[tag] == {"vr": vr, "BulkDataURI": f"URL/{tag}"}


def test_the_place_of_fragments_is_marked_and_holds_them_all() -> None:
    instance = encapsulated([[code_stream(b"a")], [code_stream(b"b")]])
    model = model_of(part10(instance))

    converted(model)

    assert model.bulkdata["7FE00010"].encapsulated
    assert bulkdata(model, "7FE00010") == instance.PixelData + SEQUENCE_END


@pytest.mark.parametrize(
    ("place", "row"),
    [
        pytest.param(Bulkdata(100, 4000), [100, 4000, 1], id="little endian"),
        pytest.param(Bulkdata(100, 4000, 2), [100, 4000, 2], id="big endian"),
        pytest.param(Bulkdata(100, 4000, encapsulated=True), [100, 4000, 0], id="fragments"),
    ],
)
def test_the_index_keeps_a_place_as_three_numbers(place: Bulkdata, row: list[int]) -> None:
    assert list(place.to_row()) == row
    assert Bulkdata.from_row(row) == place


def test_a_selection_has_its_binary_values_in_place() -> None:
    table = np.arange(5000, dtype="<u2").tobytes()
    buffer = NAME + element(0x00281201, "OW", table) + element(0x00281202, "OW", bytes(MAX_TABLE_BYTES + 2))

    model = JsonModel(buffer, only={0x00281201, 0x00281202})
    attributes = model.convert(walk(buffer, 0, EXPLICIT_LITTLE), EXPLICIT_LITTLE)

    assert base64.b64decode(attributes["00281201"]["InlineBinary"]) == table
    assert attributes["00281202"] == {"vr": "OW"}
    assert "00100010" not in attributes
    assert model.bulkdata == {}
