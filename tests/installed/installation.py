"""The wheel, and clean environments that have it and pytest and nothing else."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.serving import ROOT

VERSIONS = [f"3.{minor}" for minor in sorted({11, 12, 13, sys.version_info.minor})]

_SOURCES = ROOT / "deploy" / "Dockerfile.dockerignore"  # names all that the wheel is built from
_OURS = ("DICOMWEB_", "PYTEST_", "PYTHON", "VIRTUAL_ENV")


@dataclass(frozen=True, slots=True)
class Installation:
    """A clean environment.

    Attributes:
        programs: the folder of its python and dicomweb-service.
    """

    programs: Path

    def run(self, program: str, *arguments: str, cwd: Path, **more: str) -> str:
        """Run one of its programs to its end, in a folder; return what it says."""
        result = subprocess.run(
            [self.programs / program, *arguments],
            cwd=cwd,
            env=environment(**more),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stdout
        return result.stdout


def environment(**more: str) -> dict[str, str]:
    """Return the environment without what belongs to the tests that run, and with more."""
    return {name: value for name, value in os.environ.items() if not name.startswith(_OURS)} | more


def build_wheel(folder: Path) -> Path:
    """Build the wheel from the files that a container image is built from."""
    sources = folder / "sources"
    for name in _names_of_sources():
        _copy(ROOT / name, sources / name)
    _pip(sys.executable, "wheel", "--no-deps", "--wheel-dir", str(folder), str(sources))
    [wheel] = folder.glob("*.whl")
    return wheel


def install(python: str, wheel: Path, folder: Path) -> Installation:
    """Make an environment of a Python, and install the wheel and pytest into it."""
    subprocess.run([python, "-m", "venv", str(folder)], env=environment(), check=True)
    _pip(str(folder / "bin" / "python"), "install", str(wheel), "pytest")
    return Installation(folder / "bin")


def python_of(version: str) -> str | None:
    """Return the Python of this version that the machine has, or None."""
    return next((python for python in _candidates(version) if _is(python, version)), None)


def _candidates(version: str) -> Iterator[str]:
    yield sys.executable
    if (on_path := shutil.which(f"python{version}")) is not None:
        yield on_path
    yield from map(str, Path.home().glob(f".pyenv/versions/{version}.*/bin/python"))


def _is(python: str, version: str) -> bool:
    question = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
    answer = subprocess.run(
        [python, "-c", question], env=environment(), capture_output=True, text=True, check=False
    )
    return answer.stdout.strip() == version


def _names_of_sources() -> list[str]:
    return [line.removeprefix("!") for line in _SOURCES.read_text().splitlines() if line.startswith("!")]


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def _pip(python: str, *arguments: str) -> None:
    command = [python, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    subprocess.run(command, env=environment(), check=True)
