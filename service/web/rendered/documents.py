"""Rendered instances that are no picture: video, encapsulated documents, Structured Reports.

Standard: PS3.18 8.7.4, 10.4.1.1.7.
"""

import re
from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from service import json_text
from service.archive.files.reading.content import Content, InMemory, frame_content
from service.archive.index.lookups.metadata import attributes_of
from service.archive.index.schema.stored_json import StoredJson, to_row
from service.archive.instance import Instance, Located
from service.dicom.text.report import CONTENT, as_html, as_text, read_report
from service.dicom.xml.writer import write_xml
from service.dicom_json import DicomJson, first_value
from service.errors import NotRenderable, shorten
from service.imaging.display.kinds import PDF, kind_of, mime_type
from service.imaging.display.values import binary_value
from service.transfer_syntaxes import OCTET_STREAM, frame_media_type
from service.web.http.answers.etags import etag_of
from service.web.http.answers.responses import not_modified, single_part
from service.web.http.requests.accept import Accept, Offer
from service.web.state import service_of

_DOCUMENT, _DOCUMENT_LENGTH = "00420011", "00420015"

_VIDEO_STARTS = {  # offset and first bytes → what a player has to be told
    (4, b"ftyp"): "video/mp4",
    (0, b"\x00\x00\x01\xba"): "video/mpeg",
    (0, b"\x00\x00\x01\xb3"): "video/mpeg",
    (0, b"\x47"): "video/mp2t",
}
_VIDEO_HEAD_BYTES = 16

_XML = "text/xml"
_REPORT_FORMS = {"text/html": as_html, "text/plain": as_text}

# What comes from a file must not act as a page of this service. A sandbox would forbid a PDF its viewer.
_SANDBOX = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox"}
_ATTACHED = _SANDBOX | {"content-disposition": "attachment"}

# What a page could run, apply or take apart, although it does not open it: no sandbox covers that.
_ACTIVE = re.compile(
    r".*/.*((java|ecma|j|live|vb)script|css|wasm|java|flash|manifest|event-stream).*|(multipart|message)/.*"
)


async def answer_document(request: Request, located: Located, accept: Accept) -> Response:
    """Answer with an instance that is no picture, in the form people can read.

    Raises:
        NotRenderable: there is no such form.
        NotAcceptable: the client accepts none of its forms.
    """
    instance = located.instance
    if located.frames is not None:
        return await _video(request, located, accept)
    archive = service_of(request).archive
    attributes = await archive.index.read(attributes_of, instance)
    if _DOCUMENT in attributes:
        return await _encapsulated(request, instance, attributes, accept)
    if CONTENT in attributes:
        return _report(request, instance, attributes, accept)
    kind = shorten(kind_of(attributes))
    raise NotRenderable(f"the instance ({kind}) has neither pixels nor a document or report to be shown")


async def _video(request: Request, located: Located, accept: Accept) -> Response:
    archive = service_of(request).archive
    assert located.frames is not None
    content = await frame_content(archive.blobs, located.instance, located.frames, 1)
    head = b"".join([chunk async for chunk in content.read(0, min(_VIDEO_HEAD_BYTES, content.size))])
    starts = (name for (offset, start), name in _VIDEO_STARTS.items() if head.startswith(start, offset))
    by_syntax = frame_media_type(located.instance.transfer_syntax)
    kinds = dict.fromkeys((next(starts, by_syntax), by_syntax))
    offer = accept.choose(*map(Offer, kinds))
    return _answer(request, located.instance, content, offer, offer.media_type)


async def _encapsulated(
    request: Request, instance: Instance, attributes: DicomJson, accept: Accept
) -> Response:
    content = await binary_value(service_of(request).archive, instance, attributes[_DOCUMENT], _DOCUMENT)
    if content is None:
        raise NotRenderable("the instance holds an empty document")
    kind, length = mime_type(attributes), first_value(attributes, _DOCUMENT_LENGTH)
    size = content.size - 1 if length == content.size - 1 else content.size
    if _ACTIVE.fullmatch(kind):
        kind = OCTET_STREAM
    headers = _ATTACHED if kind == OCTET_STREAM else {} if kind == PDF else _SANDBOX
    offer = accept.choose(Offer(kind))
    return _answer(request, instance, content, offer, kind, headers, size)


def _report(request: Request, instance: Instance, attributes: DicomJson, accept: Accept) -> Response:
    """Answer with a report as people read it; XML is for programs, all of it as Native DICOM Model."""
    offer = accept.choose(*(Offer(kind) for kind in (*_REPORT_FORMS, _XML)))
    if offer.media_type == _XML:
        content = InMemory(_as_xml(attributes, request.state.base_url))
    else:
        content = InMemory(_REPORT_FORMS[offer.media_type](read_report(attributes)).encode())
    return _answer(request, instance, content, offer, f"{offer.media_type}; charset=utf-8", _SANDBOX)


def _as_xml(attributes: DicomJson, base_url: str) -> bytes:
    return write_xml(json_text.read(StoredJson(to_row(attributes)).served(base_url)))


def _answer(
    request: Request,
    instance: Instance,
    content: Content,
    offer: Offer,
    content_type: str,
    headers: Mapping[str, str] | None = None,
    size: int | None = None,
) -> Response:
    etag = etag_of(request.state.base_url, instance.digest, "rendered", str(offer))
    if answer := not_modified(request, etag):
        return answer
    size = content.size if size is None else size
    response = single_part(request, content.runs, size, content_type=content_type, etag=etag)
    response.headers.update(headers or {})
    return response
