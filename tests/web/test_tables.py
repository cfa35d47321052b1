"""Searches answered as CSV: what they say, in which form, and to whom."""

import csv
import io
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.app import create_app
from service.archive import Archive, open_archive
from service.scope import EVERYTHING
from service.settings import Settings
from tests.metadata import element, instance, store

ROOT = "http://127.0.0.1:8080/dicom-web"
CSV = {"accept": "text/csv"}
REQUESTS = [
    {"00400009": element("SH", "S1"), "00401001": element("SH", "R1")},
    {"00400009": element("SH", "S2")},
]
PRIVATE = {"00090011": element("LO", "ACME 1.2"), "00091101": element("DS", 1.5)}


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    archive = open_archive(database_url, tmp_path / "files", replace=True)
    lung = instance(
        "1.1.1",
        PatientName="Müller^Jürgen=山田^太郎",
        PatientID='"P,1"',
        StudyDate="20240131",
        StudyDescription="=1+1",
        Modality="CT",
        InstanceNumber=2,
        ImageType=["ORIGINAL", "PRIMARY"],
        SliceThickness=-2.5,
        ImageComments="two\nlines",
        RequestAttributesSequence=REQUESTS,
        AcquisitionContextSequence=[{}],
    )
    other = instance("2.1.1", PatientName="Smith^Ann", PatientID="P2", StudyDate="20230131", Modality="MR")
    archive.index.write_now(store, lung | PRIVATE, instance("1.1.2", Modality="CT", InstanceNumber=1), other)
    yield archive
    archive.close()


@pytest.fixture
async def client(archive: Archive) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(Settings(max_results=1), archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/") as client:
        yield client


async def rows_of(client: httpx.AsyncClient, url: str, **headers: str) -> list[list[str]]:
    response = await client.get(url, headers=CSV | headers)
    assert response.status_code == 200, response.text
    return list(csv.reader(io.StringIO(response.text, newline="")))


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        pytest.param("studies", ["2", "1"], id="studies"),
        pytest.param("series", ["1.1", "2.1"], id="series"),
        pytest.param("instances", ["1.1.1", "1.1.2", "2.1.1"], id="instances"),
        pytest.param("studies/1/series", ["1.1"], id="series of a study"),
        pytest.param("studies/1/instances", ["1.1.1", "1.1.2"], id="instances of a study"),
        pytest.param("studies/1/series/1.1/instances", ["1.1.1", "1.1.2"], id="instances of a series"),
        pytest.param("instances?Modality=MR", ["2.1.1"], id="with a key"),
        pytest.param("instances?SliceThickness=-2.5", ["1.1.1"], id="with a key without an index"),
        pytest.param("instances?PatientID=P3", [], id="nothing"),
        pytest.param(
            "instances?orderby=-InstanceNumber&limit=2", ["1.1.1", "1.1.2"], id="sorted, two of them"
        ),
        pytest.param(
            "instances?orderby=-InstanceNumber&offset=1", ["1.1.2", "2.1.1"], id="without the first"
        ),
    ],
)
async def test_each_match_is_a_row_however_many_a_page_holds(
    client: httpx.AsyncClient, path: str, expected: list[str]
) -> None:
    level = path.partition("?")[0].rpartition("/")[2]
    name = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}[
        level
    ]
    header, *rows = await rows_of(client, f"{path}{'&' if '?' in path else '?'}includefield={name}")

    assert header == [name]
    assert sorted(uid for (uid,) in rows) == sorted(expected)
    if "orderby" in path:
        assert [uid for (uid,) in rows] == expected


@pytest.mark.parametrize(
    ("field", "name", "expected"),
    [
        ("PatientName", "PatientName", "Müller^Jürgen=山田^太郎"),
        ("00100020", "PatientID", '"P,1"'),
        ("StudyDate", "StudyDate", "20240131"),
        ("ModalitiesInStudy", "ModalitiesInStudy", "CT"),
        ("NumberOfStudyRelatedInstances", "NumberOfStudyRelatedInstances", "2"),
        ("RetrieveURL", "RetrieveURL", f"{ROOT}/studies/1/series/1.1/instances/1.1.1"),
        ("ImageType", "ImageType", "ORIGINAL\\PRIMARY"),
        ("SliceThickness", "SliceThickness", "-2.5"),
        ("ImageComments", "ImageComments", "two\nlines"),
        ("Rows", "Rows", ""),
        ("InstanceNumber", "InstanceNumber", "2"),
        (
            "RequestAttributesSequence.ScheduledProcedureStepID",
            "RequestAttributesSequence.ScheduledProcedureStepID",
            "S1\\S2",
        ),
        ("00400275.00401001", "RequestAttributesSequence.RequestedProcedureID", "R1"),
        ("AcquisitionContextSequence", "AcquisitionContextSequence", "{}"),
        ("0009xx01:ACME 1.2", "0009xx01:ACME 1.2", "1.5"),
        ("00091101", "00091101", "1.5"),
        ("0009xx01:ACME", "0009xx01:ACME", ""),
    ],
)
async def test_a_cell_holds_what_the_data_set_has(
    client: httpx.AsyncClient, field: str, name: str, expected: str
) -> None:
    header, row = await rows_of(
        client, f"instances?SOPInstanceUID=1.1.1&includefield=StudyInstanceUID,{field}"
    )

    assert header == ["StudyInstanceUID", name]
    assert row == ["1", expected]


async def test_columns_come_in_the_order_in_which_they_are_asked_for(client: httpx.AsyncClient) -> None:
    fields = "SOPInstanceUID,PatientID,Modality,InstanceNumber,StudyDate"

    header, *rows = await rows_of(client, f"instances?PatientID=P2&includefield={fields}")

    assert header == fields.split(",")
    assert rows == [["2.1.1", "P2", "MR", "", "20230131"]]


async def test_without_a_choice_the_columns_are_those_of_a_search(client: httpx.AsyncClient) -> None:
    header, row = await rows_of(client, "studies?PatientID=P2&PatientWeight=")

    assert {"StudyInstanceUID", "PatientName", "StudyDate", "ModalitiesInStudy"} <= set(header)
    assert len(header) == len(row) == len(set(header))


async def test_the_answer_is_a_file_that_programs_know(client: httpx.AsyncClient) -> None:
    response = await client.get("studies?accept=text/csv")

    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert response.headers["content-disposition"] == 'attachment; filename="studies.csv"'
    assert response.content.startswith(b"StudyDate,")
    assert (await client.head("studies?accept=text/csv")).status_code == 200


async def test_for_spreadsheets_text_is_no_formula(client: httpx.AsyncClient) -> None:
    url = "instances?SOPInstanceUID=1.1.1&includefield=StudyDescription,SliceThickness"
    plain = await client.get(url, headers=CSV)
    harmless = await client.get(f"{url}&spreadsheet=true", headers=CSV)

    assert plain.text.splitlines()[1] == "=1+1,-2.5"
    assert harmless.content.decode("utf-8-sig").splitlines()[1] == "'=1+1,-2.5"
    assert harmless.content.startswith("\ufeff".encode())


@pytest.mark.parametrize(
    "query", ["includefield=all", "includefield=PatientNam", "spreadsheet=yes", "limit=x", "StudyDate=x"]
)
async def test_what_cannot_be_understood_is_told(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"instances?{query}", headers=CSV)

    assert response.status_code == 400
    assert response.json()["message"]


async def test_json_is_what_is_sent_unless_a_table_is_asked_for(client: httpx.AsyncClient) -> None:
    for accept in ("*/*", "application/dicom+json, text/csv;q=0.5"):
        answer: Any = (await client.get("studies", headers={"accept": accept})).json()
        assert len(answer) == 1


async def test_a_long_table_has_every_row_once_and_in_order(sqlite_archive: Archive) -> None:
    numbers = range(1, 2_101)  # more than are read at once, and than are looked up between other requests
    rows = (instance(f"1.1.{n}", InstanceNumber=n, PatientID="7,8") for n in numbers)
    sqlite_archive.index.write_now(store, *rows)
    sqlite_archive.index.write_now(store, instance("2.1.1", InstanceNumber=2_101))
    await sqlite_archive.delete(EVERYTHING, "1", "1.1", "1.1.1000")

    transport = httpx.ASGITransport(create_app(Settings(), sqlite_archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/") as client:
        _, *table = await rows_of(client, "instances?includefield=SOPInstanceUID,InstanceNumber,PatientID")

    expected = [[f"1.1.{n}", str(n), "7,8"] for n in numbers if n != 1000]
    assert table == [*expected, ["2.1.1", "2101", ""]]
