"""The README is held to the code: its settings are the settings, and its curl lines work when pasted."""

import os
import re
import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file

from service.settings import Settings
from service.testing import DicomwebServer

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
SETTINGS = dict(re.findall(r"^\| `DICOMWEB_(\w+)` \| (`[^`]*`|none) \|", README, re.MULTILINE))
CURL = [block for block in re.findall(r"^```bash\n(.*?)^```", README, re.M | re.S) if "curl" in block]
PYTHON = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
BASE = "http://127.0.0.1:8080/dicom-web"

pytest_plugins = ["pytester"]


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DICOMWEB_"):
            monkeypatch.delenv(name)


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
def test_the_lines_of_curl_work_when_pasted(
    dicomweb_server: DicomwebServer, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / ".curlrc").write_text("fail\n")  # a status of 400 or more ends it
    in_order = sorted(CURL, key=lambda block: "DELETE" in block)  # they follow the walk, which ends with it
    lines = f"FOLDER='{folder}'\nBASE={dicomweb_server.url}\n" + "".join(in_order)

    subprocess.run(
        ["bash", "-euc", lines],
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
    assert (tmp_path / "old.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert (tmp_path / "study.zip").read_bytes().startswith(b"PK")
    assert (tmp_path / "frame.npy").read_bytes().startswith(b"\x93NUMPY")
    assert (tmp_path / "volume.nii.gz").read_bytes().startswith(b"\x1f\x8b")
    assert (tmp_path / "histogram.png").read_bytes().startswith(b"\x89PNG")
    assert httpx.get(f"{dicomweb_server.url}/studies").status_code == 204


def test_the_lines_of_python_work_when_pasted(
    dicomweb_server: DicomwebServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dicomweb_server.load(folder / "2")
    (folder / "1").rename(folder / "slice.dcm")
    monkeypatch.chdir(folder)
    *notebook, _, numbers = PYTHON
    found: dict[str, Any] = {}

    for block in notebook:
        exec(block.replace(BASE, dicomweb_server.url), found)  # noqa: S102 (of our README)
    exec(numbers, later := {"series": found["url"].removesuffix("/volume")})  # noqa: S102

    assert [one.SOPClassUID.name for one in found["slices"]] == ["CT Image Storage"] * 2
    np.testing.assert_array_equal(found["hounsfield"], later["volume"])
    np.testing.assert_array_equal(found["hounsfield"][0], found["slices"][0].pixel_array - 1024)
    assert (found["bone"].min(), found["bone"].max()) == (0, 1)


def test_the_test_of_the_readme_passes(pytester: pytest.Pytester, folder: Path) -> None:
    folder.rename(pytester.mkdir("tests") / "images")
    [its_test] = [block for block in PYTHON if "def test_" in block]
    pytester.makepyfile(its_test)

    pytester.runpytest_subprocess("-p", "no:asyncio").assert_outcomes(passed=1)
