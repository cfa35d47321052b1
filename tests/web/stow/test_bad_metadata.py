"""Metadata that cannot be stored: each bad instance is one failure, and never the end of the request."""

from base64 import b64encode
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from service.web.stow import metadata
from tests.metadata import instance
from tests.web.messages import items
from tests.web.stow.posted import (
    CANNOT_UNDERSTAND,
    DOCUMENT,
    FAILED,
    JSON,
    OTHER_FAILURES,
    PIXELS,
    REFERENCED,
    TOO_LARGE,
    Bulk,
    body,
    by_reference,
    failure,
    post,
    post_xml,
    send,
    xml,
)

BAD = {
    "a value of another kind": {"00280010": {"vr": "US", "Value": ["three"]}},
    "an unknown VR": {"00280010": {"vr": "XY", "Value": [3]}},
    "a name that is no tag": {"Rows": {"vr": "US", "Value": [3]}},
    "an attribute that is no object": {"00280010": 3},
    "pixels that are no object": {PIXELS: [1]},
    "pixels whose URI is no string": {PIXELS: {"vr": "OW", "BulkDataURI": 3}},
    "a document that is no object": {DOCUMENT: 3},
    "a UID that is none": {"00080018": {"vr": "UI", "Value": ["../../1"]}},
    "a UID that is a number": {"00080018": {"vr": "UI", "Value": [3]}},
    "no UID": {"0020000E": {"vr": "UI"}},
    "two forms": {"00420011": {"vr": "OB", "InlineBinary": "AA==", "BulkDataURI": "x"}},
}


@pytest.mark.parametrize("attributes", BAD.values(), ids=BAD)
def test_a_bad_instance_is_one_failure(
    dicomweb: httpx.Client, study: str, attributes: dict[str, Any]
) -> None:
    response = post(dicomweb, [instance(f"{study}.1.1") | attributes, instance(f"{study}.1.2")])

    assert response.status_code == 202, response.text
    assert len(items(response, FAILED) + items(response, OTHER_FAILURES)) == 1
    assert len(items(response, REFERENCED)) == 1


@pytest.mark.parametrize("bad", [None, 1, "text", [], [instance("1.1.1")]], ids=repr)
def test_what_is_no_instance_is_one_failure(dicomweb: httpx.Client, study: str, bad: Any) -> None:
    response = post(dicomweb, [bad, instance(f"{study}.1.1")])

    assert response.status_code == 202
    assert failure(response, OTHER_FAILURES)[0] == CANNOT_UNDERSTAND


def test_xml_that_is_broken_is_one_failure(dicomweb: httpx.Client, study: str) -> None:
    entity = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + xml(f"{study}.1.3")

    response = post_xml(dicomweb, [b"<NativeDicomModel>", entity, xml(f"{study}.1.1")])

    assert response.status_code == 202
    assert len(items(response, OTHER_FAILURES)) == 2
    assert len(items(response, REFERENCED)) == 1


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON",
        b'{"00080018": {}}',
        b"[{]",
        b"\xff\xfe",
        b"[NaN]",
        b"[" * 5000 + b"]" * 5000,
        b'{"a":' * 5000 + b"{}" + b"}" * 5000,
    ],
    ids=lambda content: content[:16].decode("latin-1") or "nothing",
)
def test_what_is_no_array_of_json_is_a_bad_request(dicomweb: httpx.Client, content: bytes) -> None:
    alone = dicomweb.post("studies", content=content, headers={"content-type": JSON})
    in_a_part = send(dicomweb, body(JSON, [content], ()), JSON)

    assert (alone.status_code, in_a_part.status_code) == (400, 400)


def test_no_instance_at_all_is_a_bad_request(dicomweb: httpx.Client) -> None:
    assert post(dicomweb, []).status_code == 400


def test_sequences_too_deep_are_one_failure(dicomweb: httpx.Client, study: str) -> None:
    inner: dict[str, Any] = {}
    for _ in range(80):
        inner = {"00081140": {"vr": "SQ", "Value": [inner]}}

    response = post(dicomweb, [instance(f"{study}.1.1") | inner, instance(f"{study}.1.2")])

    assert response.status_code == 202
    assert "64 deep" in failure(response)[1]


def test_metadata_beyond_the_limit_are_too_large(
    dicomweb: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metadata, "MAX_REQUEST_METADATA_BYTES", 1000)
    monkeypatch.setattr(metadata, "MAX_JSON_VALUES", 100)

    too_long = post(dicomweb, [instance("1.2.3", PatientName="x" * 1000)])
    too_many = dicomweb.post("studies", content=b"[" + b"1," * 100 + b"1]", headers={"content-type": JSON})

    assert (too_long.status_code, too_many.status_code) == (413, 413)


def test_more_instances_than_parts_may_come_are_too_large(dicomweb_with: Callable[..., httpx.Client]) -> None:
    dicomweb = dicomweb_with(max_parts=2)

    responses = [post(dicomweb, [instance(f"1.1.{n}") for n in range(count)]) for count in (2, 3)]

    assert [response.status_code for response in responses] == [200, 413]


def test_an_instance_beyond_the_limit_is_one_failure(dicomweb_with: Callable[..., httpx.Client]) -> None:
    dicomweb = dicomweb_with(max_instance_bytes=2000)
    large = instance("1.1.1") | {DOCUMENT: by_reference("OB", "d")}

    response = post(dicomweb, [large, instance("1.1.2")], Bulk("d", b"x" * 2001))
    inline = instance("1.1.1") | {DOCUMENT: {"vr": "OB", "InlineBinary": b64encode(bytes(2001)).decode()}}

    assert [failure(response_)[0] for response_ in (response, post(dicomweb, [inline]))] == [
        TOO_LARGE,
        TOO_LARGE,
    ]
    assert len(items(response, REFERENCED)) == 1
