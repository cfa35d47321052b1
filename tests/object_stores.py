"""Object stores for the tests: SeaweedFS speaks S3, Azurite speaks Azure's. Each is a process of its own.

They are started once for all tests, on free ports, and answer on this machine alone. Whoever wants an empty
place takes a prefix of its own in the one bucket there is.
"""

import hmac
import json
import os
import shutil
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import obstore
from obstore.store import S3Store

from tests.ports import reserved_ports
from tests.serving import ROOT
from tests.waiting import PATIENCE, wait_for

BUCKET = "archive"
WEED = Path(sys.executable).with_name("weed")
AZURITE = ROOT / "tests/clients/azurite/node_modules/azurite/dist/src/blob/main.js"

_ADMIN, _USER, _SECRET = "admin", "dicomweb", "a secret of the tests"
_ACCOUNT = "devstoreaccount1"
_ACCOUNT_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="  # everybody's
)
# Without keys: SeaweedFS would take them for its own.
_ENVIRONMENT = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
_PORTS = (
    "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port", "filer.port.grpc",
    "s3.port", "s3.port.grpc", "admin.port", "admin.port.grpc", "webdav.port",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Server:
    """A running object store.

    Attributes:
        endpoint: its URL.
        url: of its bucket, as a setting of the service.
        environment: with which the service reaches it.
        popen: the process.
        master: of SeaweedFS, as its shell wants it.
    """

    endpoint: str
    url: str
    environment: Mapping[str, str]
    popen: "subprocess.Popen[bytes]"
    master: str = ""


@contextmanager
def seaweedfs(folder: Path, certificate: Path | None = None) -> Iterator[Server]:
    """Run SeaweedFS on a folder. The service may do anything with its bucket but make one.

    Args:
        folder: of its own.
        certificate: PEM file of one and its key, with which it is reached by TLS.
    """
    identities = [
        _identity(_ADMIN, ["Admin", "Read", "Write", "List"]),
        _identity(_USER, ["Read", "Write", "List"]),
    ]
    with reserved_ports(1) as [port]:
        by_tls = (f"-s3.cert.file={certificate}", f"-s3.key.file={certificate}", f"-s3.port.https={port}")
        with _weed(folder, identities, *(by_tls if certificate else ())) as (plain, popen, master):
            _make_bucket(plain)
            endpoint = f"https://localhost:{port}" if certificate else plain
            yield Server(endpoint, f"s3://{BUCKET}", s3_environment(endpoint), popen, master)


@contextmanager
def google(folder: Path) -> Iterator[Server]:
    """Run SeaweedFS, which asks nobody who he is here, in place of Google's store: its XML is that of S3."""
    account = {"disable_oauth": True, "client_email": "", "private_key": "", "private_key_id": ""}
    with _weed(folder, []) as (endpoint, popen, _):
        httpx.put(f"{endpoint}/{BUCKET}", trust_env=False, timeout=PATIENCE).raise_for_status()
        environment = {"GOOGLE_BASE_URL": endpoint, "GOOGLE_SERVICE_ACCOUNT_KEY": json.dumps(account)}
        yield Server(endpoint, f"gs://{BUCKET}", environment, popen)


@contextmanager
def _weed(
    folder: Path, identities: Sequence[Mapping[str, object]], *more: str
) -> "Iterator[tuple[str, subprocess.Popen[bytes], str]]":
    config = folder / "s3.json"
    config.write_text(json.dumps({"identities": identities}))
    keys = [f"-s3.config={config}"] if identities else []
    with reserved_ports(len(_PORTS)) as ports:
        port_of = dict(zip(_PORTS, ports, strict=True))
        command = [
            WEED, "mini", f"-dir={folder}", "-ip=127.0.0.1", "-ip.bind=127.0.0.1", *keys,
            "-s3.port.iceberg=0", "-s3.port.lance=0", "-webdav=false", "-admin.ui=false",
            "-master.telemetry=false", "-master.volumeSizeLimitMB=1024",
            *(f"-{name}={port}" for name, port in port_of.items()),
            *more,
        ]  # fmt: skip
        endpoint = f"http://127.0.0.1:{port_of['s3.port']}"
        with _running(command, folder, endpoint) as popen:
            yield endpoint, popen, f"127.0.0.1:{port_of['master.port']}.{port_of['master.port.grpc']}"


def s3_environment(endpoint: str, secret: str = _SECRET) -> dict[str, str]:
    """Return the environment with which the service reaches a store that speaks S3."""
    return {
        "AWS_ENDPOINT_URL": endpoint,
        "AWS_REGION": "us-east-1",
        "AWS_ACCESS_KEY_ID": _USER,
        "AWS_SECRET_ACCESS_KEY": secret,
    }


def _identity(name: str, actions: list[str]) -> dict[str, object]:
    return {"name": name, "credentials": [{"accessKey": name, "secretKey": _SECRET}], "actions": actions}


def _make_bucket(endpoint: str) -> None:
    store = S3Store(
        BUCKET,
        config={
            "endpoint": endpoint,
            "access_key_id": _ADMIN,
            "secret_access_key": _SECRET,
            "region": "us-east-1",
        },
        client_options={"allow_http": True},
    )
    url = obstore.sign(store, "PUT", "", timedelta(minutes=1))
    httpx.put(url, trust_env=False, timeout=PATIENCE).raise_for_status()


@contextmanager
def azurite(folder: Path) -> Iterator[Server]:
    """Run Azurite on a folder."""
    with reserved_ports(1) as [port]:
        command = [
            shutil.which("node") or "node", AZURITE, "--blobHost", "127.0.0.1", "--blobPort", str(port),
            "--location", folder, "--silent", "--skipApiVersionCheck", "--disableTelemetry",
        ]  # fmt: skip
        endpoint = f"http://127.0.0.1:{port}"
        environment = {
            "AZURE_STORAGE_ACCOUNT_NAME": _ACCOUNT,
            "AZURE_STORAGE_ACCOUNT_KEY": _ACCOUNT_KEY,
            "AZURE_STORAGE_ENDPOINT": f"{endpoint}/{_ACCOUNT}",
        }
        with _running(command, folder, endpoint) as popen:
            _make_container(endpoint)
            yield Server(endpoint, f"az://{BUCKET}", environment, popen)


def _make_container(endpoint: str) -> None:
    """Ask for a container, with the signature that Azure calls Shared Key."""
    headers = {
        "x-ms-date": datetime.now(UTC).strftime("%a, %d %b %Y %H:%M:%S GMT"),
        "x-ms-version": "2021-08-06",
    }
    lines = [
        "PUT", *[""] * 11, *(f"{name}:{value}" for name, value in headers.items()),
        f"/{_ACCOUNT}/{_ACCOUNT}/{BUCKET}", "restype:container",
    ]  # fmt: skip
    signature = b64encode(hmac.digest(b64decode(_ACCOUNT_KEY), "\n".join(lines).encode(), "sha256")).decode()
    headers["Authorization"] = f"SharedKey {_ACCOUNT}:{signature}"
    url = f"{endpoint}/{_ACCOUNT}/{BUCKET}?restype=container"
    httpx.put(url, headers=headers, trust_env=False, timeout=PATIENCE).raise_for_status()


@contextmanager
def _running(command: Sequence[object], folder: Path, endpoint: str) -> "Iterator[subprocess.Popen[bytes]]":
    with (folder / "log").open("wb") as log:
        popen = subprocess.Popen(
            list(map(str, command)), cwd=folder, env=_ENVIRONMENT, stdout=log, stderr=log
        )
    try:
        wait_for(lambda: popen.poll() is not None or _answers(endpoint))
        assert popen.poll() is None, (folder / "log").read_text()[-2000:]
        yield popen
    finally:
        popen.kill()
        popen.wait()


def _answers(endpoint: str) -> bool:
    try:
        return httpx.get(endpoint, trust_env=False).status_code < 500
    except httpx.TransportError:
        return False
