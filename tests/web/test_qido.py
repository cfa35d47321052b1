from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from service.app import create_app
from service.archive import Archive, open_archive
from service.settings import Settings
from tests.metadata import element, instance, store, tag

ROOT = "http://127.0.0.1:8080/dicom-web"
JSON = "application/dicom+json"


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    archive = open_archive(database_url, tmp_path / "files", replace=False)
    archive.index.write_now(
        store,
        instance("1.1.1", PatientName="Müller^Jürgen", PatientID="P1", StudyDate="20240131", Modality="CT"),
        instance("1.1.2", PatientName="Müller^Jürgen", PatientID="P1", StudyDate="20240131", Modality="CT"),
        instance("2.1.1", PatientName="Smith^Ann", PatientID="P2", StudyDate="20230131", Modality="MR"),
    )
    yield archive
    archive.close()


@pytest.fixture
async def client(archive: Archive) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(create_app(Settings(max_results=2), archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"{ROOT}/") as client:
        yield client


@pytest.mark.parametrize(
    ("path", "keyword", "expected"),
    [
        ("studies", "StudyInstanceUID", ["1", "2"]),
        ("series", "SeriesInstanceUID", ["1.1", "2.1"]),
        ("instances?PatientID=P2", "SOPInstanceUID", ["2.1.1"]),
        ("studies/1/series", "SeriesInstanceUID", ["1.1"]),
        ("studies/1/instances", "SOPInstanceUID", ["1.1.1", "1.1.2"]),
        ("studies/1/series/1.1/instances", "SOPInstanceUID", ["1.1.1", "1.1.2"]),
    ],
)
async def test_each_resource_answers_with_its_level(
    client: httpx.AsyncClient, path: str, keyword: str, expected: list[str]
) -> None:
    response = await client.get(path)

    assert response.status_code == 200
    assert response.headers["content-type"] == JSON
    assert sorted(match[tag(keyword)]["Value"][0] for match in response.json()) == expected


async def test_retrieve_urls_begin_with_the_url_of_the_service(client: httpx.AsyncClient) -> None:
    (match,) = (await client.get("instances?SOPInstanceUID=1.1.1")).json()

    assert match[tag("RetrieveURL")]["Value"] == [f"{ROOT}/studies/1/series/1.1/instances/1.1.1"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060", id="OHIF"),
        pytest.param("PatientName=*m%C3%BCl*&fuzzymatching=true", id="OHIF, name"),
        pytest.param("PatientName=M%C3%9CLLER%5EJ%2A", id="percent-encoded wild card"),
        pytest.param("00100020=*P1*", id="OHIF, Patient ID"),
        pytest.param("ModalitiesInStudy=CT,SR&StudyDate=20240101-20241231", id="OHIF, modalities and dates"),
        pytest.param("StudyInstanceUID=1%5C9", id="OHIF, several studies"),
        pytest.param("Modality=CT", id="modality of a study"),
        pytest.param("&PatientID=P1&&includefield=", id="Weasis, empty parameters"),
        pytest.param("PatientID=P1&orderby=-StudyDate&_=1", id="parameters nobody knows"),
    ],
)
async def test_queries_of_real_clients_find_the_study(client: httpx.AsyncClient, query: str) -> None:
    response = await client.get(f"studies?{query}")

    assert response.status_code == 200
    assert response.json()[0][tag("StudyInstanceUID")]["Value"] == ["1"]


@pytest.mark.parametrize(
    "path", ["studies?PatientID=P3", "studies?offset=2", "studies/9/series", "studies/1/series/2.1/instances"]
)
async def test_nothing_found_is_an_answer_without_content(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(path)

    assert response.status_code == 204
    assert response.content == b""


async def test_a_warning_tells_what_remains(client: httpx.AsyncClient) -> None:
    first = await client.get("instances")
    last = await client.get("instances?offset=2")

    text = f"299 {ROOT}: There are 1 additional results that can be requested"
    assert (len(first.json()), first.headers["warning"]) == (2, text)
    assert (len(last.json()), last.headers.get("warning")) == (1, None)


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("SeriesDescripton=Lung", "SeriesDescripton"),
        ("sort=StudyDate&PatientID=P1", "sort"),
        ("a=1&b=2&a=3", "a b"),
        ("SpecificCharacterSet=ISO_IR 100", "SpecificCharacterSet"),
        ("Doe%5EJane%0D%0AX=1", "unreadable ones"),
    ],
)
async def test_a_warning_names_the_parameters_that_have_no_say(
    client: httpx.AsyncClient, query: str, named: str
) -> None:
    response = await client.get(f"studies?{query}")

    text = f"299 {ROOT}: These parameters are not known and have been ignored: {named}"
    assert response.status_code == 200
    assert response.headers["warning"] == text


async def test_both_warnings_stand_in_one_header(client: httpx.AsyncClient) -> None:
    warning = (await client.get("instances?Nonsense=1")).headers["warning"]

    assert warning.count("299 ") == 2


@pytest.mark.parametrize(
    "query",
    [
        "PatientID=P1&limit=1",
        "includefield=all",
        "accept=application/json",
        "SpecificCharacterSet=",
        "orderby=-StudyDate,StudyTime",
    ],
)
async def test_what_has_its_say_is_not_warned_of(client: httpx.AsyncClient, query: str) -> None:
    assert "warning" not in (await client.get(f"studies?{query}")).headers


@pytest.mark.parametrize("path", ["studies", "series?includefield=all", "instances?includefield=PatientName"])
async def test_every_match_says_that_it_is_unicode(client: httpx.AsyncClient, path: str) -> None:
    for match in (await client.get(path)).json():
        assert match["00080005"] == {"vr": "CS", "Value": ["ISO_IR 192"]}
        assert list(match) == sorted(match)


@pytest.mark.parametrize("field", ["00091002", "00091002,PatientName", "00091001&includefield=00091002"])
async def test_a_private_field_brings_its_creator(
    client: httpx.AsyncClient, archive: Archive, field: str
) -> None:
    creators = {"00090010": element("LO", "ACME"), "00090011": element("LO", "OTHER")}
    values = {"00091001": element("SH", "a"), "00091002": element("SH", "b"), "00091101": element("SH", "c")}
    archive.index.write_now(store, instance("3.1.1") | creators | values)

    [match] = (await client.get(f"instances?SOPInstanceUID=3.1.1&includefield={field}")).json()

    assert match["00090010"] == creators["00090010"]
    assert match["00091002"] == values["00091002"]
    assert not match.keys() & {"00090011", "00091101"}


@pytest.mark.parametrize(
    ("path", "keyword", "expected"),
    [
        ("studies?orderby=StudyDate,-StudyTime", "StudyInstanceUID", ["2", "1"]),
        ("studies?orderby=-00080020", "StudyInstanceUID", ["1", "2"]),
        ("studies?orderby=&orderby=PatientSex&orderby=%2BPatientName", "StudyInstanceUID", ["1", "2"]),
        ("series?orderby=StudyDate", "SeriesInstanceUID", ["2.1", "1.1"]),
        ("studies/1/series/1.1/instances?orderby=-SOPInstanceUID", "SOPInstanceUID", ["1.1.2", "1.1.1"]),
        ("instances?orderby=-Modality,-SOPInstanceUID&offset=1&limit=1", "SOPInstanceUID", ["1.1.2"]),
    ],
)
async def test_matches_come_in_the_order_that_is_asked_for(
    client: httpx.AsyncClient, path: str, keyword: str, expected: list[str]
) -> None:
    response = await client.get(path)

    assert [match[tag(keyword)]["Value"][0] for match in response.json()] == expected


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (JSON, JSON),
        ("application/json", "application/json"),
        ("application/dicom+json, application/json", JSON),
        (
            'application/dicom+json, multipart/related; type="application/octet-stream"; transfer-syntax="*"',
            JSON,
        ),
        ("*/*", JSON),
    ],
)
async def test_the_representation_is_negotiated(
    client: httpx.AsyncClient, accept: str, content_type: str
) -> None:
    response = await client.get("studies", headers={"accept": accept})

    assert response.headers["content-type"] == content_type


async def test_what_cannot_be_made_is_not_acceptable(client: httpx.AsyncClient) -> None:
    response = await client.get("studies", headers={"accept": "image/png"})

    assert response.status_code == 406
    assert JSON in response.json()["available"]


@pytest.mark.parametrize(
    "query",
    [
        pytest.param("StudyDate=yesterday", id="no date"),
        pytest.param("PatientID=P1&00100020=P1", id="a key twice"),
        pytest.param("limit=-1", id="negative limit"),
        pytest.param("fuzzymatching=maybe", id="neither true nor false"),
        pytest.param("orderby=StudyDte", id="sorted by no attribute"),
        pytest.param("orderby=KVP", id="sorted by what the index does not have"),
        pytest.param("orderby=Modality", id="studies sorted by what their series have"),
        pytest.param("orderby=RequestAttributesSequence.RequestedProcedureID", id="sorted within a sequence"),
        pytest.param("orderby=--StudyDate", id="descending twice"),
        pytest.param("orderby=" + ",".join(["StudyDate"] * 17), id="sorted by very many"),
        pytest.param("PatientName=%FF", id="no UTF-8"),
        pytest.param("PatientID=%00", id="NUL"),
        pytest.param("&".join(f"a{number}=" for number in range(1001)), id="endless"),
    ],
)
async def test_a_query_that_cannot_be_understood_is_a_bad_request(
    client: httpx.AsyncClient, query: str
) -> None:
    response = await client.get(f"studies?{query}")

    assert response.status_code == 400
    assert "expected" in response.json()["message"] or "not" in response.json()["message"]


async def test_the_message_about_a_key_does_not_repeat_it(client: httpx.AsyncClient) -> None:
    response = await client.get("studies?PatientBirthDate=1.4.1970")

    assert response.status_code == 400
    assert "1970" not in response.text
