"""Clients of others with a key: as Bearer, and as the password of Basic."""

import json
import os
import shutil
import subprocess
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from requests.auth import HTTPBasicAuth

from service.commands import keys
from service.permissions import ROLES
from service.settings import Settings
from service.testing import DicomwebServer, running
from tests.clients.holdings import CT, FILES
from tests.clients.test_dicomweb_client import STUDY, data_sets, values
from tests.clients.test_javascript import IS_INSTALLED, PACKAGE

WAYS = ["Bearer", "Basic"]


@pytest.fixture
def keyed(sqlite_url: str, tmp_path: Path) -> Iterator[DicomwebServer]:
    """A service that asks for keys, with nothing in it."""
    with running(Settings(data=tmp_path, database_url=sqlite_url, auth=["keys"])) as server:
        yield server


def key_of(server: DicomwebServer, role: str) -> str:
    """Return a new key for somebody who is called as their role."""
    return keys.add(server.archive.index, ROLES, role, (role,), None, None)


def client_with(server: DicomwebServer, key: str, way: str) -> DICOMwebClient:
    """Return the Python dicomweb-client, which sends a key in one of the ways."""
    session = requests.Session()
    session.trust_env = False
    if way == "Basic":
        session.auth = HTTPBasicAuth("anybody", key)
    else:
        session.headers["Authorization"] = f"Bearer {key}"
    return DICOMwebClient(server.url, session=session)


def status_of(error: requests.HTTPError) -> int:
    """Return with which status a request failed."""
    assert error.response is not None
    return error.response.status_code


@pytest.mark.parametrize("way", WAYS)
def test_the_python_client_stores_finds_and_retrieves(keyed: DicomwebServer, way: str) -> None:
    client = client_with(keyed, key_of(keyed, "writer"), way)

    client.store_instances(data_sets(CT))

    assert values(client.search_for_studies(), STUDY) == ["1"]
    instance = client.retrieve_instance("1", "1.1", CT)
    assert instance.SOPInstanceUID == CT


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("key", ["dwk_wrong", ""])
def test_the_python_client_is_told_that_its_key_is_wrong(keyed: DicomwebServer, way: str, key: str) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        client_with(keyed, key, way).search_for_studies()

    assert status_of(refused.value) == 401


@pytest.mark.parametrize("way", WAYS)
def test_the_python_client_is_told_what_its_key_does_not_permit(keyed: DicomwebServer, way: str) -> None:
    with pytest.raises(requests.HTTPError) as refused:
        client_with(keyed, key_of(keyed, "reader"), way).store_instances(data_sets(CT))

    assert status_of(refused.value) == 403


@pytest.mark.skipif(not IS_INSTALLED, reason="needs Node 20 and `make clients`, which installs the client")
@pytest.mark.parametrize("way", WAYS)
def test_the_javascript_client_sends_its_key_along(keyed: DicomwebServer, way: str) -> None:
    client_with(keyed, key_of(keyed, "writer"), "Bearer").store_instances(data_sets(CT))
    key = key_of(keyed, "reader")
    secret = b64encode(f"anybody:{key}".encode()).decode() if way == "Basic" else key
    variables = {"DICOMWEB_URL": keyed.url, "AUTHORIZATION": f"{way} {secret}", "UIDS": f"1 1.1 {CT}"}

    printed = subprocess.run(
        ["node", "credentials.js"],
        cwd=PACKAGE,
        env=os.environ | variables,
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert json.loads(printed) == {"studies": 1, "bytes": len(FILES[CT])}


@pytest.mark.skipif(not shutil.which("curl"), reason="needs curl")
@pytest.mark.parametrize("way", WAYS)
def test_curl_sends_a_key_in_both_ways(keyed: DicomwebServer, way: str) -> None:
    key = key_of(keyed, "reader")
    words = ["--user", f"anybody:{key}"] if way == "Basic" else ["--header", f"Authorization: Bearer {key}"]

    status = subprocess.run(
        ["curl", "--silent", "--write-out", "%{http_code}", *words, f"{keyed.url}/studies"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert status == "204"
