"""Searches answered as Arrow streams and Parquet files, read by pyarrow."""

import datetime
import io
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import fsspec
import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.app import create_app
from service.archive import Archive, open_archive
from service.dicom_json import DicomJson
from service.settings import Settings
from service.testing import empty_server
from tests.metadata import element, instance, store

ROOT = "http://127.0.0.1:8080/dicom-web"
ARROW, PARQUET = "application/vnd.apache.arrow.stream", "application/vnd.apache.parquet"
FIELDS = (
    "SOPInstanceUID,StudyDate,StudyTime,InstanceNumber,SliceThickness,ImageType,PatientName,"
    "ImagePositionPatient,RequestAttributesSequence,RequestAttributesSequence.ScheduledProcedureStepID"
)
TYPES = [
    pa.string(),
    pa.date32(),
    pa.time64("us"),
    pa.int64(),
    pa.float64(),
    pa.list_(pa.string()),
    pa.string(),
    pa.list_(pa.float64()),
    pa.list_(pa.string()),
    pa.list_(pa.string()),
]
REQUESTS = [{"00400009": element("SH", "S1")}, {"00400009": element("SH", "S2")}]


def _full(uid: str) -> DicomJson:
    return instance(
        uid,
        PatientName="Müller^Jürgen",
        StudyDate="20240131",
        StudyTime="101530.25",
        InstanceNumber=2,
        SliceThickness=2.5,
        ImageType=["ORIGINAL", "PRIMARY"],
        ImagePositionPatient=[1, 2.5, -3],
        RequestAttributesSequence=REQUESTS,
    )


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    archive = open_archive(database_url, tmp_path / "files", replace=True)
    odd = instance("2.1.1", StudyDate="20240230", StudyTime="25", SliceThickness="thick")
    archive.index.write_now(store, _full("1.1.1"), odd)
    yield archive
    archive.close()


@pytest.fixture
async def client(archive: Archive) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(Settings(max_results=1), archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/") as client:
        yield client


async def _table(client: httpx.AsyncClient, url: str, accept: str) -> Any:
    response = await client.get(url, headers={"accept": accept})
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == accept
    if accept == ARROW:
        return pa.ipc.open_stream(response.content).read_all()
    return pq.read_table(io.BytesIO(response.content))


@pytest.mark.parametrize("accept", [ARROW, PARQUET])
async def test_values_have_the_types_of_their_attributes(client: httpx.AsyncClient, accept: str) -> None:
    table = await _table(client, f"instances?StudyInstanceUID=1&includefield={FIELDS}", accept)

    assert table.column_names == FIELDS.split(",")
    assert [field.type.equals(kind) for field, kind in zip(table.schema, TYPES, strict=True)] == [True] * 10
    assert [list(row.values()) for row in table.to_pylist()] == [
        [
            "1.1.1",
            datetime.date(2024, 1, 31),
            datetime.time(10, 15, 30, 250000),
            2,
            2.5,
            ["ORIGINAL", "PRIMARY"],
            "Müller^Jürgen",
            [1, 2.5, -3],
            ['{"00400009":{"vr":"SH","Value":["S1"]}}', '{"00400009":{"vr":"SH","Value":["S2"]}}'],
            ["S1", "S2"],
        ]
    ]


@pytest.mark.parametrize("accept", [ARROW, PARQUET])
@pytest.mark.parametrize(
    ("query", "uids"),
    [("StudyInstanceUID=2", ["2.1.1"]), ("PatientID=nobody", [])],
    ids=["values that are none", "no rows"],
)
async def test_types_do_not_depend_on_what_rows_hold(
    client: httpx.AsyncClient, accept: str, query: str, uids: list[str]
) -> None:
    table = await _table(client, f"instances?{query}&includefield={FIELDS}", accept)

    assert [field.type.equals(kind) for field, kind in zip(table.schema, TYPES, strict=True)] == [True] * 10
    assert table["SOPInstanceUID"].to_pylist() == uids
    for name in ("StudyDate", "StudyTime", "SliceThickness", "InstanceNumber"):
        assert table[name].to_pylist() == [None] * len(uids)


async def test_dates_and_times_may_be_written_as_before_dicom(
    client: httpx.AsyncClient, archive: Archive
) -> None:
    archive.index.write_now(store, instance("3.1.1", StudyDate="2024.01.31", StudyTime="10:15:30.25"))

    table = await _table(client, "studies/3/instances?includefield=StudyDate,StudyTime", ARROW)

    assert table.to_pylist() == [
        {"StudyDate": datetime.date(2024, 1, 31), "StudyTime": datetime.time(10, 15, 30, 250000)}
    ]


@pytest.mark.parametrize("accept", [ARROW, PARQUET])
@pytest.mark.parametrize("path", ["studies", "series", "instances", "studies/1/series/1.1/instances"])
async def test_every_search_is_a_table_of_its_usual_columns(
    client: httpx.AsyncClient, accept: str, path: str
) -> None:
    table = await _table(client, path, accept)

    assert table.num_rows == (1 if path.startswith("studies/") else 2)
    assert "StudyInstanceUID" in table.column_names


async def test_whole_numbers_alone_come_from_the_index_as_numbers(client: httpx.AsyncClient) -> None:
    fields = "SOPInstanceUID,InstanceNumber,Rows"

    table = await _table(client, f"instances?includefield={fields}&orderby=-InstanceNumber", ARROW)

    assert table.to_pylist()[0] == {"SOPInstanceUID": "1.1.1", "InstanceNumber": 2, "Rows": None}


async def test_a_file_is_the_same_for_those_who_go_on_reading_it(
    client: httpx.AsyncClient, archive: Archive
) -> None:
    url, headers = "instances?includefield=SOPInstanceUID", {"accept": PARQUET}
    head = await client.head(url, headers=headers)
    whole = await client.get(url, headers=headers)
    archive.index.write_now(store, instance("3.1.1"))

    end = await client.get(url, headers=headers | {"range": "bytes=-40"})
    fresh = await client.get(url, headers=headers)

    assert head.headers["content-length"] == str(len(whole.content))
    assert head.headers["etag"] == whole.headers["etag"] == end.headers["etag"] != fresh.headers["etag"]
    assert (end.status_code, end.content) == (206, whole.content[-40:])
    assert pq.read_table(io.BytesIO(fresh.content)).num_rows == 3


async def test_nothing_is_sent_twice(client: httpx.AsyncClient) -> None:
    headers = {"accept": PARQUET}
    etag = (await client.get("studies", headers=headers)).headers["etag"]

    again = await client.get("studies", headers=headers | {"if-none-match": etag})

    assert again.status_code == 304


@pytest.mark.parametrize("accept", [ARROW, PARQUET])
async def test_without_pyarrow_it_is_told_what_to_install(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, accept: str
) -> None:
    monkeypatch.setitem(sys.modules, "pyarrow", None)

    response = await client.get("studies", headers={"accept": accept})

    assert response.status_code == 406
    assert "dicomweb-service[tables]" in response.json()["message"]
    assert response.json()["available"] == ["text/csv"]


def test_parquet_is_read_over_http_in_ranges() -> None:
    with empty_server() as server:
        server.archive.index.write_now(store, *(_full(f"1.1.{number}") for number in range(1, 40)))
        url = f"{server.url}/instances?includefield=SOPInstanceUID,InstanceNumber&accept={PARQUET}"

        with fsspec.open(url, block_size=128) as file:
            column = pq.ParquetFile(file).read(columns=["InstanceNumber"])

    assert column["InstanceNumber"].to_pylist() == [2] * 39


async def test_a_file_that_would_be_too_long_is_refused(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.tables.parquet.MAX_BYTES", 100)

    response = await client.get("studies", headers={"accept": PARQUET})

    assert response.status_code == 413
    assert "Arrow stream" in response.json()["message"]
