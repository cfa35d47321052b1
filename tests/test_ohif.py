import os
from pathlib import Path

import pytest

from service import ohif
from service.errors import Unavailable
from tests.serving import run
from tests.small_ohif import integrity_of, package


def _content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.css", b"src: url(/a.woff2)", b"src: url(a.woff2)"),
        ("manifest.json", b'{"src": "/assets/a.png"}', b'{"src": "assets/a.png"}'),
        ("assets/browserconfig.xml", b'<logo src="/assets/a.png"/>', b'<logo src="a.png"/>'),
        ("other.js", b'__webpack_require__.p = "/"', b'__webpack_require__.p = "/"'),
    ],
)
def test_its_root_path_becomes_relative(name: str, content: bytes, expected: bytes) -> None:
    assert ohif.adapted(name, content) == expected


def test_what_is_served_is_kept_compressed(tmp_path: Path) -> None:
    file = package(tmp_path)

    ohif.install(tmp_path / "viewer", file, integrity_of(file))

    assert ohif.is_installed(tmp_path / "viewer")
    assert set(_content(tmp_path / "viewer")) == {
        "index.html.gz", "app.bundle.0123456789abcdef.js.gz", "0123456789abcdef.wasm.gz", "assets/icon.png"
    }  # fmt: skip


def test_another_package_is_refused(tmp_path: Path) -> None:
    file = package(tmp_path)

    with pytest.raises(Unavailable, match="is not @ohif/app@"):
        ohif.install(tmp_path / "viewer", file)

    assert list(tmp_path.iterdir()) == [file]


def test_what_is_there_is_not_made_again(tmp_path: Path) -> None:
    file = package(tmp_path)
    ohif.install(tmp_path / "viewer", file, integrity_of(file))

    ohif.install(tmp_path / "viewer", tmp_path / "no such package")


def test_an_older_version_is_replaced(tmp_path: Path) -> None:
    file, viewer = package(tmp_path), tmp_path / "viewer"
    ohif.install(viewer, file, integrity_of(file))
    (viewer / "ohif-version").write_text("an older one")
    (viewer / "old.js").touch()

    ohif.install(viewer, file, integrity_of(file))

    assert ohif.is_installed(viewer)
    assert "old.js" not in _content(viewer)
    assert set(tmp_path.iterdir()) == {file, viewer}


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    file = package(tmp_path)

    with pytest.raises(Unavailable, match="holds other files"):
        ohif.install(tmp_path, file, integrity_of(file))

    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("case", ["another package", "no npm"])
def test_the_command_says_in_one_line_why_there_is_no_ohif(tmp_path: Path, case: str) -> None:
    package_ = ("--package", package(tmp_path)) if case == "another package" else ()
    path = os.environ["PATH"] if case == "another package" else ""

    process = run(tmp_path, "viewer", *package_, DICOMWEB_VIEWER=str(tmp_path / "viewer"), PATH=path)

    assert process.returncode == 1
    assert process.stderr.startswith("no OHIF: ")
    assert process.stderr.count("\n") == 1
