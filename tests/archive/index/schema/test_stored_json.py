"""DICOM JSON of the index: what is written comes back, and the base URL stands where its mark stood."""

import orjson

from service.archive.index.schema.stored_json import (
    BASE_URL,
    PARSED_BASE_URL,
    StoredJson,
    to_deflated_row,
    to_row,
)

METADATA = {
    "7FE00010": {"vr": "OW", "BulkDataURI": f"{BASE_URL}/studies/1/bulkdata/7FE00010"},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Doe\x1aJane"}]},
}
ROW = {"00081190": {"vr": "UR", "Value": [f"{PARSED_BASE_URL}/studies/1"]}}


def test_metadata_are_served_with_the_base_url_in_bulkdata_uris_alone() -> None:
    metadata = StoredJson(to_deflated_row(METADATA), deflated=True)

    served = orjson.loads(metadata.served("http://here"))

    assert served["7FE00010"]["BulkDataURI"] == "http://here/studies/1/bulkdata/7FE00010"
    assert served["00100010"] == METADATA["00100010"]


def test_a_row_that_is_parsed_and_written_again_is_the_same() -> None:
    row = to_row(ROW)

    assert StoredJson(row).parsed() == ROW
    assert to_row(StoredJson(row).parsed()) == row


def test_objects_are_served_as_one_array() -> None:
    array = StoredJson.served_array([StoredJson(to_row(ROW)), StoredJson(to_row({}))], "http://here")

    assert orjson.loads(array) == [{"00081190": {"vr": "UR", "Value": ["http://here/studies/1"]}}, {}]
