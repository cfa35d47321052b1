"""The README is held to the code: its settings are the settings, and its curl lines work when pasted."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from service.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SETTINGS = dict(re.findall(r"^\| `DICOMWEB_(\w+)` \| (`[^`]*`|none) \|", README, re.MULTILINE))
WALK = re.findall(
    r"^```bash\n(.*?)^```", README.partition("## A first walk")[2].partition("\n## ")[0], re.M | re.S
)


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DICOMWEB_"):
            monkeypatch.delenv(name)


@pytest.fixture
def base_url() -> Iterator[str]:
    command = [sys.executable, "-m", "service", "serve", "--ephemeral", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().split()[-1]
        server.terminate()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of two slices, in a folder whose name has to be quoted."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    first = Path(str(get_testdata_file("CT_small.dcm", download=False))).read_bytes()
    uid = dcmread(BytesIO(first)).SOPInstanceUID.encode()
    (folder / "1").write_bytes(first)
    second = first.replace(uid, uid[:-1] + b"9").replace(b"\\-75.699997", b"\\-70.699997")
    (folder / "2").write_bytes(second)
    return folder


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    assert set(SETTINGS) == {name.upper() for name in Settings.model_fields}


def test_the_defaults_in_the_readme_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    without = Settings()

    for name, default in SETTINGS.items():
        if default != "none":
            monkeypatch.setenv(f"DICOMWEB_{name}", default.strip("`"))

    assert Settings() == without


def test_settings_without_a_default_are_empty() -> None:
    unset = [name for name, default in SETTINGS.items() if default == "none"]

    assert [getattr(Settings(), name.lower()) or None for name in unset] == [None] * len(unset)


@pytest.mark.skipif(not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl")
def test_the_walk_with_curl_works_when_pasted(base_url: str, folder: Path, tmp_path: Path) -> None:
    (tmp_path / ".curlrc").write_text("fail\n")  # a status of 400 or more ends the walk
    start, *steps = WALK
    given = start.replace("~/chest-ct", f"'{folder}'").replace("http://127.0.0.1:8080/dicom-web", base_url)

    subprocess.run(
        ["bash", "-euc", given + "".join(steps)],
        cwd=tmp_path,
        env=os.environ | {"CURL_HOME": str(tmp_path)},
        check=True,
        stdout=subprocess.DEVNULL,
    )

    originals = [file.read_bytes() for file in folder.iterdir()]
    assert (tmp_path / "instance.dcm").read_bytes() in originals
    assert (tmp_path / "bone.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert (tmp_path / "bone.jpg").read_bytes() != (tmp_path / "slice.jpg").read_bytes()
    assert (tmp_path / "small.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "frame.npy").read_bytes().startswith(b"\x93NUMPY")
    assert (tmp_path / "volume.nii.gz").read_bytes().startswith(b"\x1f\x8b")
    assert (tmp_path / "histogram.png").read_bytes().startswith(b"\x89PNG")
    assert httpx.get(f"{base_url}/studies").status_code == 204
