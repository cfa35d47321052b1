"""Links of the READMEs lead somewhere, and the files and names of the code that they tell of are there."""

import pkgutil
import re
from pathlib import Path

import pytest

from tests.readmes.readme import OF_A_USER, READMES, ROOT, Readme

CHANGELOG = Readme(ROOT / "CHANGELOG.md")
DOCUMENTS = READMES | {CHANGELOG.name: CHANGELOG}

_PATH = re.compile(r"(\.ci|deploy|migrations|openapi|service|tests)/[\w./-]*", re.ASCII)
_DOTTED = re.compile(r"\bservice\.[a-z_.]+\b", re.ASCII)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_somewhere(name: str) -> None:
    document = DOCUMENTS[name]

    for link in document.links:
        if "://" not in link:
            path, _, anchor = link.partition("#")
            target = (document.path.parent / path).resolve() if path else document.path
            assert target.exists(), link
            assert not anchor or anchor in Readme(target).anchors, link


@pytest.mark.parametrize("name", READMES)
def test_files_that_are_named_exist(name: str) -> None:
    paths = {code for code in READMES[name].code if _PATH.fullmatch(code)} - OF_A_USER

    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


@pytest.mark.parametrize("name", READMES)
def test_names_of_the_code_exist(name: str) -> None:
    for code in READMES[name].code:
        for dotted in _DOTTED.findall(code):
            assert pkgutil.resolve_name(dotted), dotted


def test_every_readme_is_found_from_the_first() -> None:
    first = READMES["README.md"]

    targets = {link.partition("#")[0] for link in first.links}

    assert READMES.keys() - {first.name} <= targets


def test_the_first_readme_is_read_in_one_go() -> None:
    assert READMES["README.md"].path.stat().st_size < 10_000


def test_pictures_are_shown_where_they_lie() -> None:
    shown = {
        (readme.path.parent / link).resolve()
        for readme in READMES.values()
        for link in readme.links
        if Path(link).suffix in (".png", ".svg")
    }

    assert shown == {*(ROOT / "deploy").glob("*.png"), *(ROOT / "tests" / "bench").glob("*.svg")}
