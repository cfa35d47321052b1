"""Debian's Orthanc as another archive: an own process on free ports, with nothing in it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from tests.ports import reserved_ports
from tests.waiting import PATIENCE, wait_for

AE_TITLE = "ORTHANC"
US = "US"  # how we are called there

_PROGRAM = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")


@dataclass(frozen=True, slots=True)
class Orthanc:
    """A running Orthanc.

    Attributes:
        client: of its own HTTP interface.
        port: where it serves DIMSE.
    """

    client: httpx.Client
    port: int

    def introduce(self, port: int, ae_title: str) -> None:
        """Tell it where we listen; it asks us for instances, and takes them, from then on."""
        peer = {"AET": ae_title, "Host": "127.0.0.1", "Port": port}
        self.client.put(f"/modalities/{US}", json=peer).raise_for_status()

    def file(self, instance: str) -> bytes:
        """Return the file that it has of an instance, given its SOP Instance UID."""
        return self.client.get(f"/instances/{self._id(instance)}/file").content

    def instances(self) -> set[str]:
        """Return the SOP Instance UIDs of all that it has."""
        found = self.client.get("/instances", params={"expand": ""}).json()
        return {each["MainDicomTags"]["SOPInstanceUID"] for each in found}

    def put(self, file: bytes) -> None:
        """Give it a file, without DIMSE."""
        self.client.post("/instances", content=file).raise_for_status()

    def clear(self) -> None:
        """Let it forget all it has."""
        for patient in self.client.get("/patients").json():
            self.client.delete(f"/patients/{patient}").raise_for_status()

    def store(self, *instances: str) -> dict[str, int]:
        """Let it send us instances by C-STORE, and return how many it did and how many it could not."""
        wanted = {"Resources": list(map(self._id, instances)), "Synchronous": True, "Permissive": True}
        answer = self.client.post(f"/modalities/{US}/store", json=wanted).raise_for_status().json()
        return {name: answer[name] for name in ("InstancesCount", "FailedInstancesCount")}

    def query(self, level: str, **keys: str) -> tuple[str, list[dict[str, str]]]:
        """Let it ask us by C-FIND; return where it keeps the answers, and what they are."""
        wanted = {"Level": level, "Query": keys}
        place = self.client.post(f"/modalities/{US}/query", json=wanted).raise_for_status().json()["Path"]
        answers = self.client.get(f"{place}/answers", params={"expand": "", "simplify": ""})
        return place, answers.raise_for_status().json()

    def retrieve(self, place: str) -> None:
        """Let it have all answers of a query by C-MOVE, which has ended then."""
        wanted = {"TargetAet": AE_TITLE, "Synchronous": True}
        self.client.post(f"{place}/retrieve", json=wanted).raise_for_status()

    def _id(self, instance: str) -> str:
        [found] = self.client.post("/tools/lookup", content=instance).json()
        return str(found["ID"])


@contextmanager
def orthanc(folder: Path) -> Iterator[Orthanc]:
    """Run Orthanc on a folder; a test is skipped where it is not installed."""
    if _PROGRAM is None:
        pytest.skip("needs Orthanc")
    folder.mkdir(exist_ok=True)
    with reserved_ports(2) as [http, dimse]:
        configuration = {
            "Name": AE_TITLE, "DicomAet": AE_TITLE, "DicomPort": dimse, "HttpPort": http,
            "StorageDirectory": str(folder / "storage"), "IndexDirectory": str(folder / "storage"),
            "TemporaryDirectory": str(folder), "Plugins": [], "RemoteAccessAllowed": False,
            "AuthenticationEnabled": False, "DicomCheckCalledAet": False, "DicomAlwaysAllowStore": True,
            "UnknownSopClassAccepted": True, "SaveJobs": False, "StableAge": 86400,
            "DicomScuTimeout": int(PATIENCE), "QueryRetrieveSize": 1000,
        }  # fmt: skip
        (folder / "configuration.json").write_text(json.dumps(configuration))
        with _running(folder, f"http://127.0.0.1:{http}") as client:
            yield Orthanc(client, dimse)


@contextmanager
def _running(folder: Path, url: str) -> Iterator[httpx.Client]:
    with (folder / "log").open("wb") as log:
        popen = subprocess.Popen(
            [str(_PROGRAM), folder / "configuration.json"], cwd=folder, stdout=log, stderr=log
        )
    try:
        with httpx.Client(base_url=url, timeout=PATIENCE, trust_env=False) as client:
            wait_for(lambda: popen.poll() is not None or _answers(client))
            assert popen.poll() is None, (folder / "log").read_text()[-2000:]
            yield client
    finally:
        popen.terminate()
        popen.wait(PATIENCE)


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/system").is_success
    except httpx.TransportError:
        return False
