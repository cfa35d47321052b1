"""The pytest fixture in a project that has packages called as ours are."""

from pathlib import Path

import pytest

from tests.installed.installation import Installation
from tests.web.messages import ct

ITS_TESTS = """
from pathlib import Path
from urllib.request import urlopen

import migrations
import openapi
import service


def test_its_packages_are_its_own():
    assert {package.OWNER for package in (migrations, openapi, service)} == {"somebody"}


def test_a_server_takes_files(dicomweb_server):
    assert dicomweb_server.load("files") == {}
    assert urlopen(dicomweb_server.url + "/studies").status == 200


def test_the_next_server_is_empty(dicomweb_server):
    assert urlopen(dicomweb_server.url + "/studies").status == 204
"""


@pytest.fixture
def tested_project(project: Path) -> Path:
    """A project with tests of its own, and a file for them."""
    (project / "test_service.py").write_text(ITS_TESTS)
    (project / "files").mkdir()
    (project / "files" / "slice.dcm").write_bytes(ct("1.2.3"))
    return project


@pytest.mark.parametrize("path", ["", "."], ids=["by itself", "on PYTHONPATH"])
def test_the_fixture_works_beside_a_package_of_the_same_name(
    installation: Installation, tested_project: Path, path: str
) -> None:
    output = installation.run(
        "python", "-m", "pytest", "-q", "-W", "error", cwd=tested_project, PYTHONPATH=path
    )

    assert "3 passed" in output
