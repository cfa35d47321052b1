"""Text in DICOM's character sets → Unicode. PS3.5 6.1, PS3.3 C.12.1.1.2.

The tables of terms and escape sequences are pydicom's. The decoding is ours because it must neither warn nor
give up: bytes that are not of their character set become U+FFFD, and the rest of the value is kept.
"""

import re
from functools import lru_cache

from pydicom.charset import CODES_TO_ENCODINGS, STAND_ALONE_ENCODINGS, python_encoding

Charset = tuple[str, ...]  # Python codecs; the first holds until an escape sequence says otherwise

DEFAULT: Charset = ("iso8859",)  # ISO_IR 6, and what people write in spite of it

_NEWER_TERMS = {"ISO_IR 203": "iso8859_15", "ISO 2022 IR 203": "iso8859_15"}
_NEWER_ESCAPES = {b"\x1b-b": "iso8859_15"}
_STATEFUL = ("iso2022_jp", "iso2022_jp_2")  # Python's codecs read the escape sequences themselves
_FRAGMENT = re.compile(rb"^[^\x1b]+|\x1b[^\x1b]*", re.DOTALL)
_SEPARATOR = re.compile(r"^ISO[^0-9A-Z]*(2022)?[^0-9A-Z]*IR[^0-9A-Z]*")


@lru_cache(maxsize=256)
def character_set(raw: bytes) -> Charset:
    """Return the codecs of a Specific Character Set value; unknown terms mean the default repertoire."""
    terms = [_corrected(term.strip(" \0")) for term in raw.decode("latin-1").split("\\")]
    if terms[0] in STAND_ALONE_ENCODINGS:
        terms = terms[:1]
    terms = [term for index, term in enumerate(terms) if not index or term not in STAND_ALONE_ENCODINGS]
    codecs = {**python_encoding, **_NEWER_TERMS}
    return tuple(codecs.get(term, DEFAULT[0]) for term in terms)


def _corrected(term: str) -> str:
    """Return a defined term for one whose separators are misspelt, as in ISO-IR-100."""
    prefix = _SEPARATOR.match(term)
    if not prefix:
        return term
    return f"ISO 2022 IR {term[prefix.end() :]}" if prefix[1] else f"ISO_IR {term[prefix.end() :]}"


def decode(raw: bytes, charset: Charset, delimiters: frozenset[int]) -> str:
    """Return text.

    Args:
        raw: encoded.
        charset: of the data set.
        delimiters: bytes after which the first codec holds again. PS3.5 6.1.2.5.3.
    """
    if b"\x1b" not in raw:
        return raw.decode(charset[0], "replace")
    return "".join(_fragment(part, charset, delimiters) for part in _FRAGMENT.findall(raw))


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
