"""The lines of curl that tell of access control do what is said of them when they are pasted."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from pydicom import dcmread

from tests.readmes.test_walk import ORIGIN, blocks
from tests.serving import Process, environment, process, run

NEEDS_CURL = pytest.mark.skipif(
    not (shutil.which("bash") and shutil.which("curl")), reason="needs bash and curl"
)
STUDY = "1.2.3"


def paste(text: str, data: Path, **variables: str) -> str:
    """Run lines of bash on a folder, and return what they print."""
    programs = Path(sys.executable).parent
    pasted = subprocess.run(
        ["bash", "-euc", text],
        cwd=data.parent,
        env=environment(data, variables) | {"PATH": f"{programs}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert pasted.returncode == 0, pasted.stderr
    return pasted.stdout


def lines_of(server: Process, study: str, text: str) -> str:
    """Return lines that ask this server about this study."""
    origin = str(server.client.base_url).removesuffix("/dicom-web/")
    return text.replace(ORIGIN, origin).replace(f"studies/{STUDY}/", f"studies/{study}/")


@NEEDS_CURL
def test_keys_tenants_and_links_work_as_they_are_told(folder: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    keys, ask, label, link = blocks("deploy/README.md", "bash")[:4]
    study = str(dcmread(folder / "1").StudyInstanceUID)

    printed = paste(keys, data)

    assert printed.startswith("dwk_")
    assert "revoked" not in printed
    key = run(data, "key", "add", "reader", "--role", "reader").stdout.strip()
    admin = run(data, "key", "add", "admin", "--role", "admin").stdout.strip()
    with process(data, "--import", folder, DICOMWEB_AUTH="keys") as server:
        asked = paste(lines_of(server, study, ask), data, KEY=key)
        assert asked.count(study) >= 2
        paste(lines_of(server, study, label), data, ADMIN_KEY=admin)
        shared = paste(lines_of(server, study, link), data, KEY=key)
        assert "/share/dwl_" in shared


@pytest.mark.parametrize("way", ["keys", "none"])
def test_an_address_that_others_reach_needs_a_word_about_who_may_ask(tmp_path: Path, way: str) -> None:
    refused = run(tmp_path / "data", "serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 (refused)

    assert refused.returncode == 2
    assert len(refused.stderr.splitlines()) == 1
    assert "DICOMWEB_AUTH=keys" in refused.stderr
    assert "DICOMWEB_AUTH=none" in refused.stderr
    with process(tmp_path / "data", "--host", "0.0.0.0", DICOMWEB_AUTH=way) as server:  # noqa: S104 (for a moment)
        expected = 401 if way == "keys" else 204
        assert server.client.get("studies").status_code == expected
