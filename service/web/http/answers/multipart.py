"""multipart/related, both ways: a stream of bytes → parts, and parts → bytes. Pure: no I/O.

The splitting is done by `multipart`, a push parser for forms; here it learns that parts of DICOMweb
have no Content-Disposition. It is shown delimiters and headers; content goes by it, looked through once. No
more than a delimiter's length is held back, so that a part of any size passes through flat memory. A part's
end is where the next delimiter is: its Content-Length, which RFC 2046 does not know, is not believed.

Standard: PS3.18 8.6.1.2, RFC 2046 5.1.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from multipart import _BODY, MultipartError, MultipartSegment, ParserLimitReached, PushMultipartParser

from service.errors import ContentTooLarge, InvalidMultipart, shorten
from service.web.http.requests import header_fields

MAX_HEADER_BYTES = 16 * 1024  # of one header line of a part
MAX_HEADERS = 64  # of one part

MULTIPART_RELATED = "multipart/related"

_MAX_BOUNDARY = 200  # characters; RFC 2046 has 70
_BOUNDARY = re.compile(rf"[ -~]{{0,{_MAX_BOUNDARY - 1}}}[!-~]")
_MAX_PADDING = 1024  # blanks behind a delimiter
_PADDING = re.compile(b"[ \t]{0,%d}\r?" % _MAX_PADDING)
_END_OF_HEADERS = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class PartBegins:
    """A part and its headers, their names in lower case; its bytes follow."""

    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PartEnds:
    """All bytes of the part have been seen."""


class Splitter:
    """Splits the body of a multipart message, fed in chunks of any size, into its parts."""

    def __init__(self, boundary: str, max_parts: int) -> None:
        self._boundary = boundary
        self._parts = 0
        self._has_begun = False
        self._preamble = b"\r\n"
        self._padding = _Padding(boundary)
        self._parser = _RelatedParser(
            boundary,
            max_header_size=MAX_HEADER_BYTES,
            max_header_count=MAX_HEADERS,
            max_segment_count=max_parts,
            header_charset="latin-1",
        )

    def feed(self, chunk: bytes) -> Iterator[PartBegins | bytes | PartEnds]:
        """Yield what one more chunk of the body brings; to be exhausted before the next.

        Raises:
            InvalidMultipart: the delimiters or headers are broken.
            ContentTooLarge: too many parts, or headers too long or too many.
        """
        if not self._has_begun:
            chunk = self._after_preamble(chunk)
        if self._has_begun:
            chunk = self._padding.removed(chunk)
        try:
            yield from self._events(chunk)
        except ParserLimitReached as error:
            raise ContentTooLarge(f"multipart body: {error}") from error
        except MultipartError as error:
            raise InvalidMultipart(f"multipart body: {error}") from error

    def finish(self) -> None:
        """Say that the body has ended.

        Raises:
            InvalidMultipart: it has no part, or was cut before its closing delimiter.
        """
        if not self._parts:
            raise InvalidMultipart(f"multipart body: no part found between delimiters --{self._boundary}")
        try:
            next(self._parser.parse(b""), None)  # an empty chunk is the end
        except MultipartError as error:
            raise InvalidMultipart(f"multipart body: cut before --{self._boundary}--") from error

    def _after_preamble(self, chunk: bytes) -> bytes:
        """Return the message from the line before its first delimiter on; that may end in any way."""
        delimiter = f"\n--{self._boundary}".encode()
        message = self._preamble + chunk
        start = message.find(delimiter)
        self._has_begun = start >= 0
        self._preamble = b"" if self._has_begun else message[-len(delimiter) :]
        if not self._has_begun:
            return b""
        rest = message[max(start - 1, 0) :]
        return rest if rest.startswith(b"\r") else b"\r" + message[start:]

    def _events(self, message: bytes) -> Iterator[PartBegins | bytes | PartEnds]:
        """Yield what bytes without blanks bring; the parser is shown no more than delimiters and headers."""
        begin = 0
        for delimiter in self._padding.delimiters:
            if delimiter < begin:  # it stands in a header
                continue
            yield from self._passed(message[begin:delimiter])
            end = message.find(_END_OF_HEADERS, delimiter)
            begin = len(message) if end < 0 else end + len(_END_OF_HEADERS)
            yield from map(self._event, self._parser.parse(message[delimiter:begin]))
        yield from self._passed(message[begin:])

    def _passed(self, content: bytes) -> Iterator[PartBegins | bytes | PartEnds]:
        """Yield bytes without a delimiter as they are, unless the parser waits for the end of headers."""
        if not content:
            return
        if self._parser.is_amid_content:
            yield content
        else:
            yield from map(self._event, self._parser.parse(content))

    def _event(self, event: MultipartSegment | bytes | None) -> PartBegins | bytes | PartEnds:
        if isinstance(event, MultipartSegment):
            self._parts += 1
            return PartBegins({name.lower(): value.strip() for name, value in event.headerlist})
        return PartEnds() if event is None else event


class _Padding:
    """Takes the blanks away that stand behind a delimiter in its line. RFC 2046 5.1.1, transport-padding.

    Attributes:
        delimiters: where they begin in what was returned last; none is ever cut in two.
    """

    def __init__(self, boundary: str) -> None:
        self._delimiter = f"\r\n--{boundary}".encode()
        self._padded = re.compile(b"(%b)[ \t]+\r\n" % re.escape(self._delimiter))
        self._held = b""
        self.delimiters: list[int] = []

    def removed(self, chunk: bytes) -> bytes:
        """Return the next bytes without blanks; a delimiter that may go on comes with those after."""
        content = self._held + chunk if self._held else chunk
        self.delimiters = list(self._found(content))
        if any(self._padded.match(content, start) for start in self.delimiters):
            content = self._padded.sub(rb"\1\r\n", content)
            self.delimiters = list(self._found(content))
        end = self._end(content)
        self._held = content[end:]
        if not self._held:
            return content
        self.delimiters = [start for start in self.delimiters if start < end]
        return content[:end]

    def _found(self, content: bytes) -> Iterator[int]:
        """Yield where delimiters begin."""
        start = content.find(self._delimiter)
        while start >= 0:
            yield start
            start = content.find(self._delimiter, start + len(self._delimiter))

    def _end(self, content: bytes) -> int:
        """Return the place from which on a delimiter may not have ended."""
        start = content.rfind(self._delimiter, -len(self._delimiter) - _MAX_PADDING - 1)
        if start >= 0 and _PADDING.fullmatch(content, start + len(self._delimiter)):
            return start
        start = content.rfind(b"\r", -len(self._delimiter))
        return start if start >= 0 and self._delimiter.startswith(content[start:]) else len(content)


class _RelatedParser(PushMultipartParser):
    """The parser for forms, of which only the need for Content-Disposition is taken away."""

    @property
    def is_amid_content(self) -> bool:
        """Whether bytes without a delimiter are content, and need not be looked through again."""
        return self._state is _BODY and not self._buffer

    def _create_segment(self, headerlist: list[tuple[str, str]]) -> MultipartSegment:
        self._segment_limit = -1  # no Content-Length to check against
        return MultipartSegment(headerlist)


def boundary_of(content_type: str) -> tuple[str, str]:
    """Return the type of the parts, lower case and empty where there is none, and the boundary.

    Raises:
        InvalidMultipart: this is no multipart/related, or its boundary is missing or cannot be one.
    """
    name, pairs = header_fields.media_type(content_type)
    if name != MULTIPART_RELATED:
        raise InvalidMultipart(f"Content-Type {shorten(content_type)}: expected {MULTIPART_RELATED}")
    parameters = dict(reversed(pairs))
    boundary = parameters.get("boundary", "")
    if not boundary:
        raise InvalidMultipart(f"Content-Type {shorten(content_type)}: the boundary parameter is missing")
    if not _BOUNDARY.fullmatch(boundary):
        expected = f"1 to {_MAX_BOUNDARY} printable ASCII characters"
        raise InvalidMultipart(f"boundary {shorten(boundary)}: expected {expected}")
    return parameters.get("type", "").lower(), boundary


def boundary_for(etag: str) -> str:
    """Return a boundary that is the same for the same content and will not occur in it."""
    return sha256(b"boundary " + etag.encode()).hexdigest()[:40]


def part_head(boundary: str, content_type: str, length: int | None, location: str | None) -> bytes:
    """Return the delimiter and headers before a part; the part's length in bytes where it is known."""
    its_length = "" if length is None else f"Content-Length: {length}\r\n"
    its_location = "" if location is None else f"Content-Location: {location}\r\n"
    head = f"\r\n--{boundary}\r\nContent-Type: {content_type}\r\n{its_length}{its_location}\r\n"
    return head.encode("latin-1", "replace")


def closing(boundary: str) -> bytes:
    """Return the delimiter after the last part."""
    return f"\r\n--{boundary}--\r\n".encode()
