"""The files of the container, without one: what they name is there, and commands do what they are for."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.ohif import VERSION
from service.settings import PREFIX, Settings
from tests.object_stores import WEED, Server
from tests.serving import ROOT, process
from tests.waiting import wait_for

DOCKERFILE = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (ROOT / "deploy" / "compose.yaml").read_text(encoding="utf-8")
WIDE = (ROOT / "deploy" / "compose.wide.yaml").read_text(encoding="utf-8")
STAGES = set(re.findall(r"^FROM \S+ AS (\S+)", DOCKERFILE, re.MULTILINE))


def _healthy(**environment: str) -> bool:
    """Run the health check of the container."""
    [words] = re.findall(r"^HEALTHCHECK .*\\\n\s+CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    program, *arguments = json.loads(words)
    assert program == "python"
    check = subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, check=False)
    return check.returncode == 0


def test_the_health_check_asks_the_port_that_is_set(tmp_path: Path) -> None:
    with process(tmp_path / "data") as server:
        port = str(urlsplit(str(server.client.base_url)).port)

        wait_for(lambda: _healthy(DICOMWEB_PORT=port))

    assert not _healthy(DICOMWEB_PORT=port)


@pytest.mark.parametrize("choice", ["none", "fetched"])
def test_an_image_is_built_with_ohif_or_without(choice: str) -> None:
    assert f"ohif-{choice}" in STAGES
    assert re.search(r"^ARG OHIF=none$", DOCKERFILE, re.MULTILINE)


def test_the_image_fetches_the_ohif_that_is_adapted() -> None:
    assert re.findall(r"@ohif/app@(\S+)", DOCKERFILE) == [VERSION]


def test_the_stages_that_files_are_taken_from_are_there() -> None:
    assert set(re.findall(r"--from=(\w+)", DOCKERFILE)) <= STAGES


@pytest.mark.parametrize(
    "text", [DOCKERFILE, COMPOSE, WIDE], ids=["Dockerfile", "compose.yaml", "compose.wide.yaml"]
)
def test_the_settings_of_the_container_are_settings(text: str) -> None:
    names = {name.lower() for name in re.findall(rf"{PREFIX}([A-Z_]+)", text)}

    assert names <= set(Settings.model_fields)


def test_the_wide_compose_file_goes_on_with_the_bucket_that_it_has_made(s3_server: Server) -> None:
    [command] = re.findall(r'entrypoint: \[sh, -c\]\n +command: \["(.*)"\]', WIDE)
    made_once = ["sh", "-c", command.replace("store:9333", s3_server.master)]
    environment = {**os.environ, "PATH": f"{WEED.parent}:{os.environ['PATH']}"}

    first, second = (
        subprocess.run(made_once, env=environment, capture_output=True, text=True, timeout=120, check=True)
        for _ in range(2)
    )

    assert "created" in first.stdout
    assert "exist" in second.stdout
