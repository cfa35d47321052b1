import csv
import io

import httpx
import pytest

from tests.builders import ct_image, part10
from tests.web.messages import MULTIPART, message
from tests.web.pages.conftest import SITE, Read
from tests.web.service import BASE, instance, stored

DOE = {
    "PatientName": "Doe^Jane",
    "PatientID": "D-17",
    "StudyDescription": "CT Chest",
    "StudyDate": "20240131",
}
ROE = {"PatientName": "Roe^Richard", "PatientID": "R-4", "AccessionNumber": "A99", "StudyDate": "20230101"}


@pytest.fixture
async def two(client: httpx.AsyncClient) -> None:
    await stored(client, instance(1, StudyInstanceUID="1.1", Modality="CT", **DOE))
    await stored(client, instance(2, StudyInstanceUID="1.2", Modality="US", **ROE))


async def test_an_empty_archive_tells_how_to_begin(read: Read) -> None:
    page = await read("/")

    assert "Nothing is stored here yet" in page.text
    assert f'"{BASE}/studies"' in page.text
    assert "dicomweb-service import FOLDER" in page.text


async def test_a_row_tells_patient_study_and_contents(read: Read, two: None) -> None:
    page = await read("/")

    assert "Doe, Jane D-17 CT Chest 2024-01-31 CT 1 series 1 instance Roe, Richard" in page.text
    assert page.link("browse/1.1") == "./browse/1.1"
    assert (
        page.link("1.1/thumbnail") == "./dicom-web/studies/1.1/thumbnail?viewport=112,112&accept=image/jpeg"
    )


@pytest.mark.parametrize(
    ("query", "studies"),
    [
        pytest.param("q=doe", ["1.1"], id="name"),
        pytest.param("q=doe,+jane", ["1.1"], id="name as it is shown"),
        pytest.param("q=d-1", ["1.1"], id="ID"),
        pytest.param("q=chest", ["1.1"], id="description"),
        pytest.param("q=*chest*", ["1.1"], id="with the stars of DICOM"),
        pytest.param("q=a99", ["1.2"], id="accession number"),
        pytest.param("q=1.2", ["1.2"], id="UID"),
        pytest.param("q=doe+a99", [], id="words of two studies"),
        pytest.param("modality=US", ["1.2"], id="modality"),
        pytest.param("since=2023-06-01", ["1.1"], id="since"),
        pytest.param("until=2023-06-01", ["1.2"], id="until"),
        pytest.param("since=2023-01-01&until=2024-01-31", ["1.1", "1.2"], id="both"),
        pytest.param("q=&modality=&since=&until=&offset=", ["1.1", "1.2"], id="an empty form"),
        pytest.param("offset=1", ["1.2"], id="the second page"),
    ],
)
async def test_the_form_finds_studies(read: Read, two: None, query: str, studies: list[str]) -> None:
    page = await read(f"/?{query}")

    assert [link.rpartition("/")[2] for link in page.links if "browse/" in link] == studies


@pytest.mark.parametrize(
    ("sort", "studies"),
    [
        ("", ["1.1", "1.2", "1.3"]),
        ("date", ["1.1", "1.2", "1.3"]),
        ("name", ["1.3", "1.1", "1.2"]),
        ("added", ["1.3", "1.2", "1.1"]),
    ],
)
async def test_the_list_is_sorted(
    client: httpx.AsyncClient, read: Read, two: None, sort: str, studies: list[str]
) -> None:
    await stored(client, instance(3, StudyInstanceUID="1.3", PatientName="Adams^Ada", StudyDate="20200101"))

    page = await read(f"/?sort={sort}")

    assert [link.rpartition("/")[2] for link in page.links if "browse/" in link] == studies


async def test_an_order_stays_from_page_to_page_and_in_the_lines_for_programs(
    client: httpx.AsyncClient, read: Read
) -> None:
    files = [part10(ct_image(f"{number}.1.1")) for number in range(1, 103)]
    await client.post("/studies", content=message(files), headers={"content-type": MULTIPART})

    page = await read("/?sort=name")

    assert page.link("offset") == "?sort=name&offset=100"
    assert "orderby=PatientName" in page.text


@pytest.mark.parametrize(
    ("query", "count"), [("", "2 studies"), ("q=roe", "1 study"), ("offset=1", "2 studies")]
)
async def test_the_list_tells_how_many_studies_there_are(
    read: Read, two: None, query: str, count: str
) -> None:
    assert count in (await read(f"/?{query}")).text


async def test_a_search_that_finds_very_many_says_so(
    read: Read, two: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("service.archive.index.queries.browse", "service.web.pages.studies"):
        monkeypatch.setattr(f"{module}.COUNTED_STUDIES", 1)

    assert "More than 1 studies" in (await read("/?since=1900-01-01")).text


async def test_what_was_asked_for_stays_in_the_form(client: httpx.AsyncClient, two: None) -> None:
    page = (await client.get(f'{SITE}/?q="><b>&modality=US&since=2020-01-01')).text

    assert 'name="q" value="&#34;&gt;&lt;b&gt;"' in page
    assert "<option selected>US</option>" in page
    assert 'name="since" value="2020-01-01"' in page


async def test_no_match_is_told(read: Read, two: None) -> None:
    assert "No study is like this." in (await read("/?q=nobody")).text


@pytest.mark.parametrize("query", ["since=yesterday", "until=2024-02-30", "offset=-1", "sort=size"])
async def test_what_cannot_be_asked_is_a_page_that_says_so(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"{SITE}/?{query}")

    assert answer.status_code == 400
    assert "expected" in answer.text


async def test_names_are_text_and_never_markup(client: httpx.AsyncClient) -> None:
    await stored(client, instance(PatientName="<script>alert(1)</script>", StudyDescription='"><img src=x>'))

    page = (await client.get(f"{SITE}/")).text

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert "<script>alert" not in page
    assert "<img src=x>" not in page


async def test_a_long_list_has_pages(client: httpx.AsyncClient, read: Read) -> None:
    files = [part10(ct_image(f"{number}.1.1")) for number in range(1, 103)]
    await client.post("/studies", content=message(files), headers={"content-type": MULTIPART})

    first, second = await read("/?modality=CT"), await read("/?modality=CT&offset=100")

    assert first.link("offset") == "?modality=CT&offset=100"
    assert "1 to 100" in first.text
    assert sum("browse/" in link for link in second.links) == 2
    assert second.link("offset") == "?modality=CT&offset=0"


async def test_the_lines_for_programs_find_what_is_on_the_page(
    client: httpx.AsyncClient, read: Read, two: None
) -> None:
    page = await read("/?q=roe&modality=US")

    command = page.text.partition('curl "')[2].partition('"')[0]

    studies = (await client.get(command)).json()
    assert [study["0020000D"]["Value"] for study in studies] == [["1.2"]]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        pytest.param("", ["1.1", "1.2"], id="all"),
        pytest.param("?modality=US", ["1.2"], id="a modality"),
        pytest.param("?q=A99", ["1.2"], id="words of no name"),
        pytest.param("?q=doe&since=2024-01-01&sort=name", ["1.1"], id="words and dates"),
    ],
)
async def test_a_list_can_be_had_as_a_file_for_a_spreadsheet(
    client: httpx.AsyncClient, read: Read, two: None, search: str, expected: list[str]
) -> None:
    page = await read(f"/{search}")

    link = page.link("accept=text/csv")
    answer = await client.get(f"{SITE}/{link.removeprefix('./')}")

    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))
    assert [row["StudyInstanceUID"] for row in rows] == expected
