"""Answers that are Native DICOM Models: XML made of the DICOM JSON that is kept. PS3.18 8.7.3.2, PS3.19 A.1.

One part of a multipart message per data set, a few of them made at a time, in a thread. A long one is sent
while it is made, so that its length is not known before.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping

import anyio.to_thread
from starlette.requests import Request

from service.dicom.xml.writer import write_xml, xml_pieces
from service.dicom_json import DicomJson
from service.json_text import read
from service.web.http.answers.multipart import closing, part_head
from service.web.http.answers.stream import Chunks
from service.web.http.answers.text import TextStream
from service.web.http.requests.accept import Offer

XML_MESSAGE = Offer("application/dicom+xml", multipart=True)
DATA_SET_OFFERS = (Offer("application/dicom+json"), Offer("application/json"), XML_MESSAGE)
"""In which forms several data sets can be had."""

_JSON_BYTES_AT_ONCE = 2**18  # bytes of JSON that are made XML by one call of a thread

Location = Callable[[DicomJson], str | None]
"""Data set → URL of the resource that it is; None where it is none."""


def xml_message(
    request: Request,
    data_sets: Chunks,
    boundary: str,
    *,
    location: Location = lambda _: None,
    etag: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> TextStream:
    """Return the message with these data sets as its parts.

    Args:
        request: that is answered.
        data_sets: each as a DICOM JSON object.
        boundary: between them.
        location: of each part.
        etag: of the message, before gzip.
        headers: besides its own.
    """
    message = _message(data_sets, boundary, location)
    return TextStream(message, request, XML_MESSAGE.envelope(boundary), etag=etag, headers=headers)


async def _message(data_sets: Chunks, boundary: str, location: Location) -> AsyncIterator[bytes]:
    texts: list[bytes] = []
    async for text in data_sets:
        if len(text) > _JSON_BYTES_AT_ONCE:
            yield await anyio.to_thread.run_sync(_parts, texts, boundary, location)
            texts, pieces = [], _long_part(text, boundary, location)
            while piece := await anyio.to_thread.run_sync(next, pieces, b""):
                yield piece
            continue
        texts.append(text)
        if sum(map(len, texts)) >= _JSON_BYTES_AT_ONCE:
            yield await anyio.to_thread.run_sync(_parts, texts, boundary, location)
            texts = []
    yield await anyio.to_thread.run_sync(_parts, texts, boundary, location)
    yield closing(boundary)


def _parts(texts: Iterable[bytes], boundary: str, location: Location) -> bytes:
    return b"".join(_part(read(text), boundary, location) for text in texts)


def _part(data_set: DicomJson, boundary: str, location: Location) -> bytes:
    body = write_xml(data_set)
    return part_head(boundary, XML_MESSAGE.media_type, len(body), location(data_set)) + body


def _long_part(text: bytes, boundary: str, location: Location) -> Iterator[bytes]:
    data_set = read(text)
    yield part_head(boundary, XML_MESSAGE.media_type, None, location(data_set))
    yield from xml_pieces(data_set)
