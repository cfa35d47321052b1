"""Tables of the READMEs are those of the code: packages, routes, transfer syntaxes, presets, nginx too."""

import ast
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.pixels.codecs.encoders import ENCODERS
from service.pixels.window import PRESETS
from service.routes import ROUTES
from service.transfer_syntaxes import OCTET_STREAM, frame_media_type
from tests.readmes.readme import READMES, ROOT, code_of

SUPPORTED = READMES["openapi/README.md"]
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
PLACES = {
    "Study": "/studies/{study}",
    "Series": "/studies/{study}/series/{series}",
    "Instance": "/studies/{study}/series/{series}/instances/{instance}",
    "Frame": "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
}
METHODS = {"retrieve": "GET", "search": "GET", "store": "POST", "delete": "DELETE"}
ELSEWHERE = {  # routes that the text around the table tells of
    ("/", "GET"), ("/", "OPTIONS"), ("/openapi.json", "GET"),
    (f"{PLACES['Study']}/links", "GET"), (f"{PLACES['Study']}/links", "POST"),
    (f"{PLACES['Study']}/links/{{link}}", "DELETE"),
    (f"{PLACES['Study']}/tenant", "GET"), (f"{PLACES['Study']}/tenant", "PUT"),
    (f"{PLACES['Study']}/send", "GET"), (f"{PLACES['Study']}/send", "POST"),
    ("/webhooks", "GET"), ("/webhooks", "POST"),
    ("/webhooks/{name}", "DELETE"), ("/webhooks/{name}/resume", "POST"),
    (f"{PLACES['Instance']}/bulkdata/7FE00010/frames/{{frames}}", "GET"),
}  # fmt: skip


def test_the_layout_names_every_package_and_says_what_it_says_of_itself() -> None:
    purposes = {
        code_of(package)[0]: purpose for package, purpose in READMES["service/README.md"].rows("package")
    }

    assert purposes == dict(packages())


def packages() -> Iterator[tuple[str, str]]:
    """Return the packages below service/, with the first line of what each says of itself."""
    service = ROOT / "service"
    for file in service.rglob("__init__.py"):
        if file.parent != service:
            purpose = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
            yield file.parent.relative_to(service).as_posix(), purpose.partition("\n")[0]


def test_the_resources_are_those_that_are_routed() -> None:
    requests = {
        pair for resource, *cells in SUPPORTED.rows("resource") for pair in requests_of(resource, cells)
    }

    routed = {
        (route.path_format, method)
        for route in ROUTES
        for method in (route.methods or ())
        if method != "HEAD"
    }
    assert requests == routed - ELSEWHERE


def requests_of(resource: str, cells: list[str]) -> Iterator[tuple[str, str]]:
    """Return paths and methods of a row: `…/metadata` of Study and Series are two."""
    methods = [method for method, cell in zip(METHODS.values(), cells, strict=True) if cell]
    for code, where in re.findall(r"`([^`]+)`((?:, `[^`]+`)* of [\w, ]+)?", shared(resource)):
        places = [PLACES[name] for name in PLACES if name in where] or [""]
        yield from ((code.replace("…", place), method) for place in places for method in methods)


def shared(resource: str) -> str:
    """Write `…/a`, `…/b` of Study as `…/a` of Study, `…/b` of Study."""
    return re.sub(r"(`…[^`]+`)(?=, `[^`]+`( of [\w, ]+))", r"\1\2", resource)


def test_the_transfer_syntaxes_are_those_that_are_made() -> None:
    table = {cell.split()[0]: code_of(kind)[0] for cell, kind, _ in SUPPORTED.rows("asked for")}

    kinds = {uid: frame_media_type(uid) for uid in ENCODERS}
    assert table == {EXPLICIT_VR_LITTLE_ENDIAN: OCTET_STREAM} | kinds


def test_the_windows_with_a_name_are_the_presets() -> None:
    [[example, others]] = [
        cells[1:] for cells in SUPPORTED.rows("parameter") if cells[2].startswith("our extension")
    ]

    assert {*code_of(example), *code_of(others)} == set(PRESETS)


@pytest.mark.skipif(not shutil.which("nginx"), reason="needs nginx")
def test_nginx_takes_its_configuration(tmp_path: Path) -> None:
    [block] = [block.text for block in READMES["deploy/README.md"].blocks if block.language == "nginx"]
    configuration = tmp_path / "nginx.conf"
    configuration.write_text(f"events {{}} http {{ access_log off; server {{ listen 8081; {block} }} }}")

    checked = subprocess.run(
        ["nginx", "-t", "-c", configuration, "-p", tmp_path, "-e", "stderr", "-g", f"pid {tmp_path}/pid;"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert checked.returncode == 0, checked.stderr
