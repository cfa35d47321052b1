"""The Native DICOM Model, its XML → the DICOM JSON Model. PS3.19 A.1, PS3.18 Annex F.

The XML comes from strangers. A document type declaration is refused before anything is parsed, and with it
every entity but the five that XML has; nothing outside the document is ever looked at. A document without a
namespace is taken, since several writers leave it out.
"""

from collections.abc import Mapping
from functools import lru_cache
from xml.parsers.expat import ErrorString, ExpatError, ParserCreate

from service.dicom.xml.builder import NativeModel
from service.dicom.xml.writer import NAMESPACE
from service.dicom_json import DicomJson
from service.errors import InvalidXml, shorten

MAX_BYTES = 2**25
MAX_TAG_BYTES = 2**18  # of a tag with its attributes, or of a comment

_CHUNK_BYTES = 2**16


def read_xml(content: bytes) -> DicomJson:
    """Return the data set of a document as a DICOM JSON object, ascending.

    Args:
        content: the whole document, in UTF-8.

    Returns:
        What `json.writer` would make of the data set. Numbers may lie outside the range of their VR; NaN and
        infinities are floats.

    Raises:
        InvalidXml: it is no Native DICOM Model, or larger than memory should be given to.
    """
    if len(content) > MAX_BYTES:
        raise InvalidXml(f"found a document of {len(content)} bytes, expected at most {MAX_BYTES}")
    if b"\0" in content:
        raise InvalidXml("found a document in another encoding, expected UTF-8")
    if b"<!DOCTYPE" in content:
        raise InvalidXml("found a document type declaration, expected none")
    reader = _Reader()
    try:
        reader.read(content)
    except ExpatError as error:
        message = f"found {ErrorString(error.code)} in line {error.lineno}, expected well-formed XML"
        raise InvalidXml(message) from error
    return reader.model.data_set


class _Reader:
    """Hands the elements of a document to the model, each with its text.

    Attributes:
        model: that they make up.
    """

    def __init__(self) -> None:
        self.model = NativeModel()
        self._text: list[str] = []  # since the last tag

    def read(self, content: bytes) -> None:
        """Read a document in UTF-8.

        Raises:
            ExpatError: it is not well-formed.
            InvalidXml: it is no Native DICOM Model.
        """
        parser = ParserCreate("UTF-8", namespace_separator=" ")
        parser.buffer_text = True
        parser.XmlDeclHandler = self._declare
        parser.StartElementHandler = self._begin
        parser.CharacterDataHandler = self._text.append
        parser.EndElementHandler = self._end
        for end in range(_CHUNK_BYTES, len(content) + _CHUNK_BYTES, _CHUNK_BYTES):
            parser.Parse(content[end - _CHUNK_BYTES : end])
            if end - parser.CurrentByteIndex > MAX_TAG_BYTES:
                raise InvalidXml(f"found a tag or comment of more than {MAX_TAG_BYTES} bytes, expected less")
        parser.Parse(b"", True)

    def _declare(self, _version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.upper() not in ("UTF-8", "US-ASCII"):
            raise InvalidXml(f"found the encoding {shorten(encoding)}, expected UTF-8")

    def _begin(self, qualified: str, xml_attributes: Mapping[str, str]) -> None:
        if self._taken().strip():
            raise InvalidXml("found text beside elements, expected elements alone")
        self.model.begin(_local_name(qualified), xml_attributes)

    def _end(self, _: str) -> None:
        self.model.end(self._taken())

    def _taken(self) -> str:
        if not self._text:
            return ""
        text = "".join(self._text)
        self._text.clear()
        return text


@lru_cache(maxsize=64)
def _local_name(qualified: str) -> str:
    """Return the name of an element without its namespace.

    Raises:
        InvalidXml: it has another one.
    """
    namespace, _, name = qualified.rpartition(" ")
    if namespace not in ("", NAMESPACE):
        raise InvalidXml(f"found the namespace {shorten(namespace)}, expected {NAMESPACE}")
    return name
