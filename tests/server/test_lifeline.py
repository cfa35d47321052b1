import subprocess
from pathlib import Path

import pytest

from tests.serving import COMMAND, ROOT


@pytest.mark.parametrize("workers", [1, 2])
def test_an_attached_server_ends_with_its_standard_input(tmp_path: Path, workers: int) -> None:
    command = [*COMMAND, "serve", "--ephemeral", "--attached", "--port", "0", "--workers", str(workers)]
    environment = {"TMPDIR": str(tmp_path)}

    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        assert server.stdout.readline().startswith("DICOMweb at http://")
        assert list(tmp_path.iterdir())
        server.stdin.close()

    assert list(tmp_path.iterdir()) == []
