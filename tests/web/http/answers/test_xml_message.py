"""Metadata, search results and receipts as Native DICOM Models."""

import gzip
from typing import Any

import httpx
import pytest
from pydicom import Dataset

from tests.builders import ct_image, data_set, part10
from tests.dicom.native import as_json, comparable
from tests.web.messages import DICOM, ct, parts_of, store, url

XML = 'multipart/related; type="application/dicom+xml"'
ACCEPT = {"accept": XML, "accept-encoding": "identity"}
JSON = "application/dicom+json"
INSTANCE_UID = "00080018"


def models(response: httpx.Response) -> list[dict[str, Any]]:
    """Return the parts of an answer."""
    assert response.status_code == 200
    parts = parts_of(response)
    assert {part.headers["content-type"] for part in parts} == {"application/dicom+xml"}
    assert all(int(part.headers["content-length"]) == len(part.content) for part in parts)
    return [as_json(part.content) for part in parts]


@pytest.mark.parametrize(
    "path",
    [
        "studies/{study}/metadata",
        "studies/{study}/series/{study}.1/metadata",
        "studies/{study}/series/{study}.2/instances/{study}.2.1/metadata",
    ],
    ids=["study", "series", "instance"],
)
def test_metadata_have_a_part_for_each_instance_that_says_what_the_json_says(
    dicomweb: httpx.Client, study: str, path: str
) -> None:
    name = {"SpecificCharacterSet": "ISO_IR 192", "PatientName": "Müller^Jürgen=山田"}
    store(dicomweb, *(ct(f"{study}.{uid}", **name) for uid in ("1.1", "1.2", "2.1")))

    data_sets = models(dicomweb.get(path.format(study=study), headers=ACCEPT))

    assert data_sets == [comparable(instance) for instance in dicomweb.get(path.format(study=study)).json()]


def test_the_parts_of_metadata_say_where_they_are_from(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, ct(f"{study}.1.1"), ct(f"{study}.1.2"))

    parts = parts_of(dicomweb.get(f"studies/{study}/metadata", headers=ACCEPT))

    locations = [part.headers["content-location"] for part in parts]
    base = str(dicomweb.base_url)
    assert locations == [f"{base}{url(f'{study}.1.{number}')}/metadata" for number in (1, 2)]
    assert parts_of(dicomweb.get(locations[1], headers=ACCEPT))[0].content == parts[1].content


def test_a_bulkdata_uri_of_the_xml_can_be_fetched(dicomweb: httpx.Client, study: str) -> None:
    original = ct_image(f"{study}.1.1")
    store(dicomweb, part10(original))

    [data_set_] = models(dicomweb.get(f"{url(f'{study}.1.1')}/metadata", headers=ACCEPT))

    response = dicomweb.get(
        data_set_["7FE00010"]["BulkDataURI"], headers={"accept": "application/octet-stream"}
    )
    assert response.content == original.PixelData


def test_what_xml_cannot_hold_does_not_break_an_answer(dicomweb: httpx.Client, study: str) -> None:
    private = Dataset()
    private.add_new(0x00090010, "LO", "<ACME> & Co")
    private.add_new(0x00091001, "LT", "a\x07b\r\n<c>]]>")
    store(dicomweb, part10(data_set(f"{study}.1.1", ReferencedStudySequence=[private, Dataset()])))

    [data_set_] = models(dicomweb.get(f"{url(f'{study}.1.1')}/metadata", headers=ACCEPT))

    assert data_set_["00081110"]["Value"] == [
        {
            "00090010": {"vr": "LO", "Value": ["<ACME> & Co"]},
            "00090001": {"vr": "LT", "Value": ["a\ufffdb\r\n<c>]]>"]},
        },
        {},
    ]


def codes(number: int) -> list[Dataset]:
    """Return items, of which each takes some 250 bytes of JSON."""
    items = [Dataset() for _ in range(number)]
    for position, item in enumerate(items):
        item.add_new(0x00080100, "SH", f"code {position}")
        item.add_new(0x00080104, "LO", "meaning <&> " * 5)
        item.add_new(0x00280010, "US", position)
    return items


@pytest.mark.parametrize("lengths", [[400] * 8, [1, 2000, 1]], ids=["together", "one of them alone"])
def test_what_is_longer_than_what_is_made_at_once_is_complete_and_in_order(
    dicomweb: httpx.Client, study: str, lengths: list[int]
) -> None:
    store(
        dicomweb,
        *(
            part10(data_set(f"{study}.1.{number}", InstanceNumber=number, ConceptCodeSequence=codes(length)))
            for number, length in enumerate(lengths, 1)
        ),
    )

    message = dicomweb.get(f"studies/{study}/metadata", headers=ACCEPT)

    data_sets = dicomweb.get(f"studies/{study}/metadata").json()
    assert [instance["00200013"]["Value"][0] for instance in data_sets] == list(range(1, len(lengths) + 1))
    assert [as_json(part.content) for part in parts_of(message)] == [*map(comparable, data_sets)]


@pytest.mark.parametrize(
    "path",
    [
        "studies?StudyInstanceUID={study}",
        "studies/{study}/series",
        "studies/{study}/instances",
        "studies/{study}/series/{study}.1/instances?includefield=all",
        "series?StudyInstanceUID={study}",
        "instances?StudyInstanceUID={study}",
    ],
)
def test_every_search_has_a_part_for_each_match_that_says_what_the_json_says(
    dicomweb: httpx.Client, study: str, path: str
) -> None:
    store(dicomweb, *(ct(f"{study}.{uid}") for uid in ("1.1", "1.2", "2.1")))

    response = dicomweb.get(path.format(study=study), headers=ACCEPT)

    assert models(response) == [
        comparable(instance) for instance in dicomweb.get(path.format(study=study)).json()
    ]
    assert not any("content-location" in part.headers for part in parts_of(response))


def test_a_page_of_matches_tells_what_remains(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, *(ct(f"{study}.1.{number}") for number in range(3)))

    response = dicomweb.get(f"studies/{study}/instances?limit=1", headers=ACCEPT)

    assert len(models(response)) == 1
    assert "There are 2 additional results" in response.headers["warning"]


def test_no_match_is_an_answer_without_content(dicomweb: httpx.Client) -> None:
    response = dicomweb.get("studies?PatientID=nobody", headers=ACCEPT)

    assert (response.status_code, response.content) == (204, b"")


def test_a_receipt_says_what_was_stored_and_what_was_not(dicomweb: httpx.Client, study: str) -> None:
    headers = DICOM | {"accept": "application/dicom+xml"}

    stored = dicomweb.post("studies", content=ct(f"{study}.1.1"), headers=headers)
    refused = dicomweb.post("studies", content=b"no DICOM", headers=headers)

    assert [stored.status_code, refused.status_code] == [200, 409]
    assert stored.headers["content-type"] == refused.headers["content-type"] == "application/dicom+xml"
    [reference] = as_json(stored.content)["00081199"]["Value"]
    assert reference["00081155"]["Value"] == [f"{study}.1.1"]
    assert as_json(refused.content)["0008119A"]["Value"][0]["00081197"] == {"vr": "US", "Value": [0xC000]}


@pytest.mark.parametrize("path", ["studies/{study}/metadata", "studies/{study}/instances"])
@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        pytest.param("*/*", JSON, id="anything"),
        pytest.param(f"{JSON}, {XML}", JSON, id="either"),
        pytest.param(f"{JSON};q=0.5, {XML};q=0.8", "multipart/related", id="rather XML"),
        pytest.param(f"{XML};q=0.5, {JSON};q=0.8", JSON, id="rather JSON"),
        pytest.param("multipart/related;type=application/dicom+xml", "multipart/related", id="no quotes"),
        pytest.param("multipart/related", "multipart/related", id="no type"),
    ],
)
def test_xml_is_negotiated_beside_json(
    dicomweb: httpx.Client, study: str, path: str, accept: str, media_type: str
) -> None:
    store(dicomweb, ct(f"{study}.1.1"))

    response = dicomweb.get(path.format(study=study), headers={"accept": accept})

    assert response.headers["content-type"].split(";")[0] == media_type
    assert "Accept" in response.headers["vary"]


def test_xml_can_be_asked_for_in_the_query(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, ct(f"{study}.1.1"))

    response = dicomweb.get(f"studies/{study}/metadata", params={"accept": XML})

    assert len(models(response)) == 1


def test_xml_has_no_form_of_a_single_part(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, ct(f"{study}.1.1"))

    response = dicomweb.get(f"studies/{study}/metadata", headers={"accept": "application/dicom+xml"})

    assert response.status_code == 406
    assert XML in response.json()["available"]


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
def test_a_client_that_holds_the_xml_does_not_get_it_again(
    dicomweb: httpx.Client, study: str, encoding: str
) -> None:
    store(dicomweb, ct(f"{study}.1.1"))
    path, headers = f"studies/{study}/metadata", ACCEPT | {"accept-encoding": encoding}
    held = dicomweb.get(path, headers=headers).headers["etag"]

    again = dicomweb.get(path, headers=headers | {"if-none-match": held})
    of_json = dicomweb.get(path, headers={"if-none-match": held, "accept": JSON})
    store(dicomweb, ct(f"{study}.1.2"))
    changed = dicomweb.get(path, headers=headers | {"if-none-match": held})

    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", held)
    assert [of_json.status_code, changed.status_code] == [200, 200]


def test_xml_is_the_same_each_time_and_compressed_where_the_client_takes_it(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, ct(f"{study}.1.1"))
    path = f"studies/{study}/metadata"

    plain = dicomweb.get(path, headers=ACCEPT)
    with dicomweb.stream("GET", path, headers=ACCEPT | {"accept-encoding": "gzip"}) as response:
        compressed = b"".join(response.iter_raw())

    assert response.headers["content-encoding"] == "gzip"
    assert gzip.decompress(compressed) == plain.content


@pytest.mark.parametrize("path", ["studies/{study}/metadata", "studies?StudyInstanceUID={study}"])
def test_head_is_answered_with_the_headers_alone(dicomweb: httpx.Client, study: str, path: str) -> None:
    store(dicomweb, ct(f"{study}.1.1"))

    response = dicomweb.head(path.format(study=study), headers=ACCEPT)

    assert response.status_code == 200
    assert response.headers["content-type"].startswith(XML)
    assert response.content == b""


def test_metadata_of_what_is_not_here_are_not_found(dicomweb: httpx.Client) -> None:
    assert dicomweb.get("studies/9/metadata", headers=ACCEPT).status_code == 404
