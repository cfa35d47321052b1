from urllib.parse import urljoin

import httpx
import pydicom
import pytest

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
