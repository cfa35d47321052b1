import tomllib
from pathlib import Path

import pytest

from service import installed

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(("name", "file"), [("migrations", "env.py"), ("openapi", "openapi.yaml")])
def test_the_folders_of_a_checkout_lie_beside_the_package(name: str, file: str) -> None:
    assert installed.folder(name) == ROOT / name
    assert (installed.folder(name) / file).is_file()


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert installed.version() == project["version"]
