"""Text in DICOM's character sets → Unicode. PS3.5 6.1, PS3.3 C.12.1.1.2.

The tables of terms and escape sequences are pydicom's. The decoding is ours because it must neither warn nor
give up: bytes that are not of their character set become U+FFFD, and the rest of the value is kept. A term
that is not of the Standard, as UTF-8 or WINDOWS-1251, means what Python takes it for.
"""

import re
from encodings.aliases import aliases
from functools import lru_cache

from pydicom.charset import CODES_TO_ENCODINGS, STAND_ALONE_ENCODINGS, python_encoding

Charset = tuple[str, ...]  # Python codecs; the first holds until an escape sequence says otherwise

DEFAULT: Charset = ("iso8859",)  # ISO_IR 6, and what people write in spite of it

_TERMS = {**python_encoding, "ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}
_NEWER_ESCAPES = {b"\x1b-b": "iso8859_15"}
_STATEFUL = ("iso2022_jp", "iso2022_jp_2")  # Python's codecs read the escape sequences themselves
_FRAGMENT = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*", re.DOTALL)
_REGISTERED = re.compile(r"(?:ISO)?[^0-9A-Z]*(2022)?[^0-9A-Z]*IR[^0-9A-Z]*([0-9]+)", re.ASCII)
_SEPARATORS = re.compile(r"[ _.-]+")
_ASCII = bytes(range(32, 127))


def _understands_ascii(codec: str) -> bool:
    """Tell whether a codec is one of text that has ASCII in its place, and makes something of all bytes."""
    try:
        bytes(range(256)).decode(codec, "replace")
        return _ASCII.decode(codec).encode("ascii", "replace") == _ASCII
    except (LookupError, ValueError):
        return False


@lru_cache(maxsize=1)
def _python_names() -> dict[str, str]:
    """Return the codecs that Python knows by their names without separators."""
    names = {**{name: name for name in aliases.values()}, **aliases, "koi8_u": "koi8_u"}
    codecs = {_SEPARATORS.sub("", name): codec for name, codec in names.items() if _understands_ascii(codec)}
    return {name: DEFAULT[0] if codec == "ascii" else codec for name, codec in codecs.items()}


@lru_cache(maxsize=256)
def character_set(raw: bytes) -> Charset:
    """Return the codecs of a Specific Character Set value; unknown terms mean the default repertoire."""
    return tuple(_codec(term) or DEFAULT[0] for term in _terms(raw))


@lru_cache(maxsize=256)
def is_known(raw: bytes) -> bool:
    """Tell whether it is known what every term of a Specific Character Set value means."""
    return all(map(_codec, _terms(raw)))


def _terms(raw: bytes) -> list[str]:
    """Return those terms of a value that hold."""
    terms = [_corrected(term.strip(" \0")) for term in raw.decode("latin-1").split("\\")]
    if terms[0] in STAND_ALONE_ENCODINGS:
        return terms[:1]
    return [term for index, term in enumerate(terms) if not index or term not in STAND_ALONE_ENCODINGS]


def _codec(term: str) -> str | None:
    """Return the Python codec of a term, as the Standard defines it or as others spell it."""
    return _TERMS.get(term) or _python_names().get(_SEPARATORS.sub("", term.lower()))


def _corrected(term: str) -> str:
    """Return a defined term for one that is misspelt, as in ISO-IR-100, or of the other kind."""
    match = _REGISTERED.fullmatch(term.upper())
    if term in _TERMS or not match:
        return term
    number = match[2].lstrip("0")
    kinds = (f"ISO 2022 IR {number}", f"ISO_IR {number}")
    return next((kind for kind in (kinds if match[1] else kinds[::-1]) if kind in _TERMS), term)


def decode(raw: bytes, charset: Charset, delimiters: frozenset[int]) -> str:
    """Return text.

    Args:
        raw: encoded.
        charset: of the data set.
        delimiters: bytes after which the first codec holds again. PS3.5 6.1.2.5.3.
    """
    if b"\x1b" not in raw:
        return _outside_ascii(raw) if charset[0] == DEFAULT[0] else raw.decode(charset[0], "replace")
    return "".join(_fragment(part, charset, delimiters) for part in _FRAGMENT.findall(raw))


def _outside_ascii(raw: bytes) -> str:
    """Return text for which no character set is stated that has it: UTF-8 if it can be, Latin-1 if not."""
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode(DEFAULT[0], "replace")


def _fragment(part: bytes, charset: Charset, delimiters: frozenset[int]) -> str:
    """Return the text of one run that begins with an escape sequence, or of what comes before the first."""
    if part[0] != 0x1B:
        return part.decode(charset[0], "replace")
    escape = part[: 4 if part[1:3] in (b"$(", b"$)") else 3]
    codec = CODES_TO_ENCODINGS.get(escape) or _NEWER_ESCAPES.get(escape)
    if codec is None:
        return part.decode(charset[0], "replace")
    if codec in _STATEFUL:
        return part.decode(codec, "replace")
    text = part[len(escape) :]
    reset = next((index for index, byte in enumerate(text) if byte in delimiters), len(text))
    return text[:reset].decode(codec, "replace") + text[reset:].decode(charset[0], "replace")
