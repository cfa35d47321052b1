"""The wheel and the environments that it is installed into: made once, and for each Python of the machine."""

from pathlib import Path

import pytest

from tests.installed.installation import VERSIONS, Installation, build_wheel, install, python_of


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    return build_wheel(tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="session", params=VERSIONS)
def installation(
    request: pytest.FixtureRequest, wheel: Path, tmp_path_factory: pytest.TempPathFactory
) -> Installation:
    """The wheel, installed into a clean environment of each Python in turn."""
    python = python_of(request.param)
    if python is None:
        pytest.skip(f"this machine has no Python {request.param}")
    return install(python, wheel, tmp_path_factory.mktemp("installation"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, which has packages `service`, `migrations` and `openapi` too."""
    project = tmp_path / "project"
    for name in ("service", "migrations", "openapi"):
        (project / name).mkdir(parents=True)
        (project / name / "__init__.py").write_text('OWNER = "somebody"\n')
    return project
