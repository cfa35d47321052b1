from pathlib import Path
from urllib.parse import urljoin

import httpx
import pydicom
import pytest

from tests.builders import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, ct_image, part10
from tests.web.messages import DICOM
from tests.web.pages.conftest import SITE, Read
from tests.web.service import instance, stored

PATH = "/browse/1.2.3/1.2.3.4/1.2.3.4.1/attributes"


@pytest.fixture(autouse=True)
async def _stored(client: httpx.AsyncClient) -> None:
    code = pydicom.Dataset()
    code.CodeMeaning = "Breast <b>"
    dataset = instance(AnatomicRegionSequence=[code], RedPaletteColorLookupTableData=bytes(4096))
    dataset["RedPaletteColorLookupTableData"].VR = "OW"
    await stored(client, dataset)


async def test_every_attribute_is_a_row(read: Read) -> None:
    page = await read(PATH)

    assert "(0010,0010) PN PatientName Doe^Jane" in page.text
    assert "(0008,0016) UI SOPClassUID 1.2.840.10008.5.1.4.1.1.7 Secondary Capture Image Storage" in page.text


async def test_sequences_fold(client: httpx.AsyncClient, read: Read) -> None:
    page = await read(PATH)

    assert (
        "AnatomicRegionSequence 1 item AnatomicRegionSequence, item 1 (0008,0104) LO CodeMeaning" in page.text
    )
    assert "<summary>AnatomicRegionSequence, item 1</summary>" in (await client.get(SITE + PATH)).text


async def test_long_values_are_a_link(client: httpx.AsyncClient, read: Read) -> None:
    link = (await read(PATH)).link("bulkdata")

    assert link == "../../../../dicom-web/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.1/bulkdata/00281201"
    assert bytes(4096) in (await client.get(urljoin(SITE + PATH, link))).content


async def test_a_search_keeps_what_it_finds_and_unfolds_it(client: httpx.AsyncClient, read: Read) -> None:
    page = await read(f"{PATH}?find=breast")

    assert "Breast <b>" in page.text
    assert "PatientName" not in page.text
    assert "<details open>" in (await client.get(f"{SITE}{PATH}?find=breast")).text


async def test_values_are_text_and_never_markup(client: httpx.AsyncClient) -> None:
    assert "<b>" not in (await client.get(SITE + PATH)).text


async def test_no_match_is_told(read: Read) -> None:
    assert "No attribute is like this." in (await read(f"{PATH}?find=<i>")).text


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG_ENDIAN, DEFLATED])
async def test_the_encoding_of_the_file_is_told_as_it_is_there(
    client: httpx.AsyncClient, read: Read, syntax: str
) -> None:
    dataset = ct_image(
        "7.8.9", SpecificCharacterSet=["", "ISO 2022 IR 87"], PatientName="Yamada^Tarou=山田^太郎"
    )
    await client.post("/studies", content=part10(dataset, syntax), headers=DICOM)

    page = await read("/browse/7/7.8/7.8.9/attributes")

    assert f"(0002,0010) UI TransferSyntaxUID {syntax} " in page.text
    assert "(0002,0003) UI MediaStorageSOPInstanceUID 7.8.9" in page.text
    assert "(0002,0001) OB FileMetaInformationVersion 2 bytes" in page.text
    assert "(0008,0005) CS SpecificCharacterSet \\ISO 2022 IR 87" in page.text
    assert "PatientName Yamada^Tarou=山田^太郎" in page.text


async def test_a_file_without_a_character_set_is_shown_without_one(read: Read) -> None:
    assert "(0008,0005)" not in (await read(PATH)).text


async def test_the_encoding_of_the_file_is_found_too(read: Read) -> None:
    assert "MediaStorageSOPClassUID" in (await read(f"{PATH}?find=0002,0002")).text


def _damage(folder: Path) -> None:
    [file] = folder.rglob("1.2.3.4.1.*.dcm")
    file.write_bytes(b"damaged")


async def test_attributes_are_there_when_the_file_is_damaged(
    client: httpx.AsyncClient, read: Read, tmp_path: Path
) -> None:
    _damage(tmp_path)

    page = await read(PATH)

    assert "PatientName Doe^Jane" in page.text
    assert "(0002," not in page.text
