r"""The grammar that structured header fields share: lists, parameters, quoted strings (RFC 9110 5.6).

Separators inside quoted strings do not count, white space around them does not either. Reading is
tolerant (an unclosed quoted string ends with the text) and linear: a field of any shape costs time in
proportion to its length.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

Parameters = Sequence[tuple[str, str]]

_PIECES = {mark: re.compile(rf'(?:[^"{mark}]+|"(?:[^"\\]+|\\.)*"?)+', re.DOTALL) for mark in ",;"}
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


def split(text: str, mark: str) -> list[str]:
    """Return the non-empty pieces of `text` between the marks, `,` or `;`, that lie outside quotes."""
    return [piece for match in _PIECES[mark].findall(text) if (piece := match.strip())]


def parameters(pieces: Iterable[str]) -> Parameters:
    """Return `name=value` pieces as pairs: names in lower case, values without their quotes."""
    pairs = (piece.partition("=") for piece in pieces)
    return [(name.strip().lower(), unquote(value.strip())) for name, _, value in pairs]


@lru_cache(maxsize=64)
def media_type(text: str) -> tuple[str, Parameters]:
    """Return the media type in lower case, and its parameters in their order. Never raises."""
    name, *pieces = split(text, ";") or [""]
    return name.lower(), tuple(parameters(pieces))


def unquote(text: str) -> str:
    """Return what a token or a quoted string stands for."""
    if not text.startswith('"'):
        return text
    return _ESCAPED.sub(r"\1", text[1:].removesuffix('"'))
