import base64
import re
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import httpx
import pytest

from service import ohif
from tests.small_ohif import integrity_of, package

_BUNDLE = "app.bundle.0123456789abcdef.js"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a small OHIF."""
    file = package(tmp_path)
    ohif.install(tmp_path / "viewer", file, integrity_of(file))
    return tmp_path / "viewer"


@pytest.fixture
def viewer(folder: Path, dicomweb_with: Callable[..., httpx.Client]) -> httpx.Client:
    """A client of what is under /viewer/."""
    client = dicomweb_with(viewer=folder)
    client.base_url = client.base_url.join("/viewer/")
    return client


@pytest.mark.parametrize(
    ("path", "top"),
    [
        ("", "./"),
        ("viewer?StudyInstanceUIDs=1.2", "./"),
        ("segmentation", "./"),
        ("viewer/dicomweb", "../"),
    ],
)
def test_every_path_of_a_page_is_ohif(viewer: httpx.Client, path: str, top: str) -> None:
    answer = viewer.get(path)

    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    assert f'src="{top}{_BUNDLE}"' in answer.text
    assert f'PUBLIC_URL=new URL("{top}",location).pathname' in answer.text


def test_the_page_runs_the_scripts_that_are_written_in_it_and_no_others(viewer: httpx.Client) -> None:
    answer = viewer.get("viewer/dicomweb")

    script = answer.text.partition("<script>")[2].partition("</script>")[0]
    digest = base64.b64encode(sha256(script.encode()).digest()).decode()
    [scripts] = re.findall("script-src ([^;]*)", answer.headers["content-security-policy"])
    assert f"'sha256-{digest}'" in scripts
    assert "unsafe-inline" not in scripts


@pytest.mark.parametrize(
    ("settings", "frames"),
    [({}, "'self'"), ({"cors_origins": ["https://a.example"]}, "'self' https://a.example")],
)
def test_pages_of_this_server_and_of_origins_that_may_use_it_hold_the_page_in_a_frame(
    folder: Path, dicomweb_with: Callable[..., httpx.Client], settings: dict[str, list[str]], frames: str
) -> None:
    client = dicomweb_with(viewer=folder, **settings)

    answer = client.get(client.base_url.copy_with(path="/viewer/"))

    assert answer.headers["content-security-policy"].endswith(f"frame-ancestors {frames}")


@pytest.mark.parametrize(("coding", "sent"), [("gzip", "gzip"), ("identity", None)])
def test_a_bundle_is_sent_as_the_client_takes_it(viewer: httpx.Client, coding: str, sent: str | None) -> None:
    answer = viewer.get(_BUNDLE, headers={"accept-encoding": coding})

    assert answer.headers.get("content-encoding") == sent
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert answer.text == "let ohif;"


@pytest.mark.parametrize(
    ("path", "media_type"), [("0123456789abcdef.wasm", "application/wasm"), ("assets/icon.png", "image/png")]
)
def test_other_files_have_their_media_type(viewer: httpx.Client, path: str, media_type: str) -> None:
    assert viewer.get(path).headers["content-type"] == media_type


@pytest.mark.parametrize("path", ["", _BUNDLE, "app-config.js", "assets/icon.png"])
def test_what_the_client_holds_is_not_sent_again(viewer: httpx.Client, path: str) -> None:
    etag = viewer.get(path).headers["etag"]

    again = viewer.get(path, headers={"if-none-match": etag})

    assert (again.status_code, again.headers["etag"], again.content) == (304, etag, b"")


def test_head_says_what_get_would(viewer: httpx.Client) -> None:
    head, get = viewer.head(_BUNDLE), viewer.get(_BUNDLE)

    assert (head.headers["etag"], head.content) == (get.headers["etag"], b"")
    assert head.headers["content-length"] == get.headers["content-length"]


def test_the_configuration_names_this_service(viewer: httpx.Client) -> None:
    plain = viewer.get("app-config.js").text
    behind_a_proxy = viewer.get("app-config.js", headers={"x-forwarded-prefix": "/pacs"}).text

    assert '"qidoRoot": "/dicom-web"' in plain
    assert '"qidoRoot": "/pacs/dicom-web"' in behind_a_proxy


def test_the_configuration_asks_for_nothing_that_ohif_cannot_decode(viewer: httpx.Client) -> None:
    assert "transfer-syntax=1.2.840.10008.1.2.4.110; q=0" in viewer.get("app-config.js").text


def test_the_service_worker_does_nothing(viewer: httpx.Client) -> None:
    assert viewer.get("init-service-worker.js").text == ""


@pytest.mark.parametrize(
    "path",
    ["../viewer/ohif-version.txt", "..%2fohif.tgz", "%2e%2e/ohif.tgz", "no.js", "%00.js", f"{_BUNDLE}.gz"],
)
def test_no_path_leads_to_another_file(viewer: httpx.Client, path: str) -> None:
    answer = viewer.get(path)

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


def test_the_path_without_its_slash_leads_to_the_other(viewer: httpx.Client) -> None:
    answer = viewer.get(str(viewer.base_url).rstrip("/"))

    assert answer.next_request is not None
    assert answer.next_request.url == viewer.base_url


def test_a_file_that_was_deleted_is_not_found(viewer: httpx.Client, folder: Path) -> None:
    viewer.get("")
    (folder / f"{_BUNDLE}.gz").unlink()

    assert viewer.get(_BUNDLE).status_code == 404


def test_without_ohif_a_page_says_how_to_get_it(
    dicomweb_with: Callable[..., httpx.Client], tmp_path: Path
) -> None:
    client = dicomweb_with(viewer=tmp_path / "viewer")
    file = package(tmp_path)
    url = client.base_url.join("/viewer/")

    before = client.get(url)
    ohif.install(tmp_path / "viewer", file, integrity_of(file))
    after = client.get(url)

    assert (before.status_code, after.status_code) == (404, 200)
    assert "make viewer" in before.text
