"""The JavaScript client of dcmjs, in Node. Its own tests are js/client.test.js; here they get a service."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from dicomweb_service_pytest import DicomwebServer
from tests.clients.holdings import FILES

PACKAGE = Path(__file__).parent / "js"
IS_INSTALLED = shutil.which("node") and (PACKAGE / "node_modules").is_dir()


@pytest.mark.skipif(not IS_INSTALLED, reason="needs Node 20 and `make clients`, which installs the client")
def test_the_javascript_client_works_as_its_users_run_it(
    dicomweb_server: DicomwebServer, tmp_path: Path
) -> None:
    for uid, file in FILES.items():
        (tmp_path / uid).write_bytes(file)

    finished = subprocess.run(
        ["node", "--test", "--test-reporter=spec", "client.test.js"],
        cwd=PACKAGE,
        env=os.environ | {"DICOMWEB_URL": dicomweb_server.url, "FILES": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert finished.returncode == 0, finished.stdout
    assert "fail 0" in finished.stdout
