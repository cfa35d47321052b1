"""The lines of curl and Python in the READMEs do what is said of them when they are pasted."""

import json
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from service.testing import DicomwebServer
from tests.readmes.readme import READMES
from tests.readmes.test_commands import NOT_RUN
from tests.serving import client_of, process
from tests.waiting import PATIENCE

ORIGIN = "http://127.0.0.1:8080"
NEEDS_CURL = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl"
)

pytest_plugins = ["pytester"]


def blocks(name: str, language: str) -> list[str]:
    """Return the blocks of one language in a README, without those that have a reason not to be run."""
    return [
        block.text
        for block in READMES[name].blocks
        if block.language == language and not NOT_RUN.keys() & {*block.commands}
    ]


def paste(name: str, server: DicomwebServer, folder: Path, directory: Path) -> str:
    """Run the bash blocks of a README in their order, and return what they print."""
    lines = "".join(blocks(name, "bash")).replace(ORIGIN, origin_of(server))
    pasted = subprocess.run(
        ["bash", "-euc", lines.replace("~/chest-ct", shlex.quote(str(folder)))],
        cwd=directory,
        env=os.environ | {"CURL_HOME": str(directory)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (pasted.returncode, pasted.stderr) == (0, "")
    return pasted.stdout


def origin_of(server: DicomwebServer) -> str:
    """Return scheme, host and port of a server."""
    return "{0.scheme}://{0.netloc}".format(urlsplit(server.url))


@NEEDS_CURL
def test_the_walk_stores_finds_gets_shows_computes_and_deletes(
    dicomweb_server: DicomwebServer, folder: Path, tmp_path: Path
) -> None:
    printed = paste("README.md", dicomweb_server, folder, tmp_path)

    slices = [(folder / name).read_bytes() for name in "12"]
    assert printed.startswith("200\n200\n200\n{")
    assert (tmp_path / "instance.dcm").read_bytes() in slices  # of the largest series, not of the scout
    assert (tmp_path / "bone.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert (tmp_path / "bone.jpg").read_bytes() != (tmp_path / "slice.jpg").read_bytes()
    assert (tmp_path / "small.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "study.zip").read_bytes().startswith(b"PK")
    assert (tmp_path / "frame.npy").read_bytes().startswith(b"\x93NUMPY")
    assert (tmp_path / "volume.nii.gz").read_bytes().startswith(b"\x1f\x8b")
    assert (tmp_path / "histogram.png").read_bytes().startswith(b"\x89PNG")
    assert httpx.get(f"{dicomweb_server.url}/studies", timeout=PATIENCE).status_code == 204


@NEEDS_CURL
def test_the_examples_of_what_is_supported_work(
    dicomweb_server: DicomwebServer, folder: Path, tmp_path: Path
) -> None:
    assert dicomweb_server.load(folder) == {}

    paste("openapi/README.md", dicomweb_server, folder, tmp_path)

    assert b"1.2.840.10008.1.2.4.201" in (tmp_path / "htj2k.dcm").read_bytes()[:512]
    assert (tmp_path / "photograph.jpg").read_bytes().startswith(b"\xff\xd8\xff")
    assert (tmp_path / "old.jpg").read_bytes().startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize("name", READMES)
def test_every_curl_shows_that_it_failed(name: str) -> None:
    commands = re.findall(r"\bcurl (?:-\S+ )*", "".join(blocks(name, "bash")))

    assert {command for command in commands if "-fsS " not in command} <= {"curl --fail-with-body -sS -H "}


def test_deleting_comes_last_in_the_walk() -> None:
    *walk, last = blocks("README.md", "bash")

    assert "DELETE" in last
    assert "DELETE" not in "".join(walk)


def test_an_error_is_answered_as_it_is_shown(dicomweb_server: DicomwebServer, folder: Path) -> None:
    [shown] = blocks("README.md", "json")
    assert dicomweb_server.load(folder) == {}
    with client_of(dicomweb_server.url) as client:
        [instance, *_] = client.get("instances").json()

        answer = client.get(f"{instance['00081190']['Value'][0]}/frames/9")

    assert answer.json() == json.loads(shown)


def test_the_lines_of_python_work_when_pasted(
    dicomweb_server: DicomwebServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "1").rename(folder.parent / "slice.dcm")
    assert dicomweb_server.load(folder) == {}
    monkeypatch.chdir(folder.parent)
    names: dict[str, Any] = {}

    for block in blocks("README.md", "python"):
        if "def test_" not in block:
            exec(block.replace(ORIGIN, origin_of(dicomweb_server)), names)  # noqa: S102 (of our README)

    assert [instance.SOPClassUID.name for instance in names["slices"]] == ["CT Image Storage"] * 2
    np.testing.assert_array_equal(names["hounsfield"][0], names["slices"][0].pixel_array - 1024)
    assert len(names["hounsfield"]) == 2  # the scout is left out
    assert (names["bone"].min(), names["bone"].max()) == (0, 1)


def test_the_test_of_the_readme_passes(pytester: pytest.Pytester, folder: Path) -> None:
    folder.rename(pytester.mkdir("tests") / "images")
    [its_test] = [block for block in blocks("README.md", "python") if "def test_" in block]
    pytester.makepyfile(its_test)

    pytester.runpytest_subprocess("-p", "no:asyncio").assert_outcomes(passed=1)


def test_the_server_for_other_languages_prints_its_url(folder: Path, tmp_path: Path) -> None:
    [command] = [code for code in READMES["README.md"].code if "--ephemeral" in code]
    program, serve, *options = shlex.split(command.replace("tests/images", shlex.quote(str(folder))))

    with process(tmp_path / "data", *options) as server:
        assert (program, serve) == ("dicomweb-service", "serve")
        assert len(server.client.get("studies").json()) == 1
