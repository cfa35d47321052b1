"""DICOM JSON as the index keeps it: written when an instance arrives, read again only where that has to be.

The base URL of the service is known only when somebody asks, so that a mark stands for it, the byte 1A
(SUBSTITUTE). JSON never has it unescaped: a single `replace` makes the answer. For the same reason it has to
be taken out before a text is parsed: a noncharacter of Unicode stands in meanwhile.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from isal import isal_zlib

from service import json_text
from service.dicom_json import DicomJson

BASE_URL = "\x1a"
"""What stands for the base URL in the attributes of an instance that is being stored."""
PARSED_BASE_URL = "\ufffe"
"""What stands for it in attributes that are parsed."""

_MARK = BASE_URL.encode()
_AT_START, _AT_START_PARSED = b'"' + _MARK, f'"{PARSED_BASE_URL}'.encode()
_URI, _ESCAPED_URI = b'"BulkDataURI":"' + _MARK, b'"BulkDataURI":"\\u001a'


class StoredJson:
    """One DICOM JSON object of the index.

    Args:
        content: of a column.
        deflated: the column holds its text deflated.
    """

    __slots__ = ("_content", "_deflated")

    def __init__(self, content: bytes, *, deflated: bool = False) -> None:
        self._content = content
        self._deflated = deflated

    def served(self, base_url: str) -> bytes:
        """Return the object as an answer has it."""
        return self._text().replace(_MARK, base_url.encode())

    def parsed(self) -> DicomJson:
        """Return the object's attributes, in which PARSED_BASE_URL stands for the base URL."""
        return json_text.read(self._text().replace(_AT_START, _AT_START_PARSED))

    def parsed_for(self, base_url: str) -> DicomJson:
        """Return the object's attributes as an answer has them."""
        return json_text.read(self.served(base_url))

    def _text(self) -> bytes:
        return isal_zlib.decompress(self._content) if self._deflated else self._content

    @staticmethod
    def served_texts(contents: Iterable[bytes], base_url: str, *, deflated: bool = False) -> Iterator[str]:
        """Yield the objects of a column as answers have them."""
        url = base_url.encode()
        texts = map(isal_zlib.decompress, contents) if deflated else contents
        return (text.replace(_MARK, url).decode() for text in texts)

    @staticmethod
    def served_array(objects: Iterable["StoredJson"], base_url: str) -> bytes:
        """Return the objects as the array that an answer is."""
        texts = b",".join([stored._text() for stored in objects])
        return b"[" + texts.replace(_MARK, base_url.encode()) + b"]"


def to_row(attributes: Mapping[str, Any]) -> bytes:
    """Return attributes as a column keeps them, ascending. PARSED_BASE_URL may begin a value."""
    text = json_text.written(dict(sorted(attributes.items())))
    return text.replace(_AT_START_PARSED, _AT_START)


def to_deflated_row(attributes: DicomJson) -> bytes:
    """Return attributes as a column keeps them deflated, unsorted. BASE_URL may begin a Bulkdata URI."""
    text = json_text.written(attributes).replace(_ESCAPED_URI, _URI)
    return bytes(isal_zlib.compress(text, 1))
