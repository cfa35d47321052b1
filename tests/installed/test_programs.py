"""The command line as it is installed, where a project's own packages lie in the current folder."""

import subprocess
from pathlib import Path

from service import installed
from tests.installed.installation import Installation, environment
from tests.serving import client_of


def test_the_version_is_told(installation: Installation, project: Path) -> None:
    output = installation.run("dicomweb-service", "--version", cwd=project)

    assert output == f"dicomweb-service {installed.version()}\n"


def test_a_database_is_migrated(installation: Installation, project: Path, tmp_path: Path) -> None:
    installation.run("dicomweb-service", "migrate", cwd=project, DICOMWEB_DATA=str(tmp_path))

    assert (tmp_path / "index.sqlite").is_file()


def test_a_django_project_can_use_the_module(installation: Installation, project: Path) -> None:
    (project / "service" / "__init__.py").unlink()
    (project / "service").rmdir()

    output = installation.run("python", "-m", "service", "--version", cwd=project)

    assert output == f"dicomweb-service {installed.version()}\n"


def test_what_is_served_is_all_there(installation: Installation, project: Path) -> None:
    program = str(installation.programs / "dicomweb-service")

    with subprocess.Popen(
        [program, "serve", "--ephemeral", "--attached", "--port", "0"],
        cwd=project,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        url = server.stdout.readline().removeprefix("DICOMweb at ").strip()
        origin = url.removesuffix("/dicom-web")
        with client_of(url) as client:
            description = client.get(f"{url}/openapi.json")
            studies = client.get(f"{url}/studies")
            page = client.get(f"{origin}/docs")
            health = client.get(f"{origin}/health")

    assert "/studies" in description.json()["paths"]
    assert (studies.status_code, page.status_code) == (204, 200)
    assert health.json()["version"] == installed.version()
