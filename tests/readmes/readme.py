"""The READMEs as the tests read them: headings, blocks, code within the text, tables and links."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

ROOT = Path(__file__).parents[2]

OF_A_USER = frozenset(["tests/images"])
"""Folders of the project of whoever reads, not of ours."""

_FOLDERS = ("deploy", "migrations", "openapi", "service", "tests")
_NOT_OURS = "node_modules"


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, and its lines as they are written."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """The lines, where each is a command of its own."""
        return self.text.splitlines()


@dataclass(frozen=True)
class Readme:
    """One README.

    Attributes:
        path: of the file.
    """

    path: Path

    @property
    def name(self) -> str:
        """Its path in the repository."""
        return str(self.path.relative_to(ROOT))

    @cached_property
    def _tokens(self) -> list[Token]:
        return MarkdownIt("commonmark").enable("table").parse(self.path.read_text(encoding="utf-8"))

    @cached_property
    def blocks(self) -> list[Block]:
        """The fenced blocks, in order."""
        return [Block(token.info, token.content) for token in self._tokens if token.type == "fence"]

    @cached_property
    def code(self) -> list[str]:
        """The pieces of code within the text."""
        return [piece.content for piece in self._pieces() if piece.type == "code_inline"]

    @cached_property
    def links(self) -> list[str]:
        """Where links lead, and where pictures lie."""
        places = (piece.attrGet("href") or piece.attrGet("src") for piece in self._pieces())
        return [str(place) for place in places if place]

    @cached_property
    def anchors(self) -> set[str]:
        """What a link can name behind #, as GitHub makes it of the headings."""
        headings = (
            text
            for opening, text in zip(self._tokens, self._tokens[1:], strict=False)
            if opening.type == "heading_open"
        )
        return {anchor_of("".join(piece.content for piece in text.children or ())) for text in headings}

    def rows(self, heading: str) -> list[list[str]]:
        """Return the rows of the table with this first heading, each a list of cells as they are written."""
        tables = "".join(f"{line}\n" for line in self.path.read_text(encoding="utf-8").splitlines())
        [table] = re.findall(
            rf"^\| {re.escape(heading)} \|.*\n\|[-|: ]+\|\n((?:\|.*\n)+)", tables, re.MULTILINE
        )
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()]

    def _pieces(self) -> Iterator[Token]:
        for token in self._tokens:
            yield from token.children or ()


def anchor_of(heading: str) -> str:
    """Return the anchor of a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def code_of(cell: str) -> list[str]:
    """Return the pieces of code in a cell of a table."""
    return re.findall(r"`([^`]+)`", cell)


READMES = {
    readme.name: readme
    for path in (
        ROOT / "README.md",
        *(file for name in _FOLDERS for file in (ROOT / name).rglob("README.md")),
    )
    if _NOT_OURS not in path.parts
    for readme in [Readme(path)]
}
"""Path in the repository → README."""
