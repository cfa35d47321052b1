"""One instance that came as metadata and bulk data → its Part 10 file. PS3.18 10.5.1.4, PS3.10 7.1."""

from functools import partial

import anyio.to_thread
from starlette.requests import Request

from service.archive.files.blobs import Blobs
from service.archive.files.reading.assembly import assemble
from service.archive.files.spool import Spool
from service.dicom.encoding.elements import Malformed
from service.dicom.encoding.explicit import Value, file_head
from service.dicom.instance import CANNOT_UNDERSTAND, is_uid, reason_of
from service.dicom.json.reader import data_set
from service.dicom_json import DicomJson, text
from service.errors import NotAcceptable, Refusal, Unavailable
from service.transfer_syntaxes import OCTET_STREAM
from service.web.state import service_of
from service.web.stow.bulkdata import BulkdataParts
from service.web.stow.pixels import PostedPixels, pixel_data_uri, posted_pixels

_AVAILABLE_TRANSFER_SYNTAX = "00083002"
_SOP_CLASS, _SOP_INSTANCE = "00080016", "00080018"
_DOCUMENT, _MIME_TYPE, _DOCUMENT_LENGTH = "00420011", "00420012", "00420015"


async def posted_file(request: Request, instance: object, parts: BulkdataParts, max_bytes: int) -> Spool:
    """Return the file of an instance.

    Args:
        request: that brought it.
        instance: as the metadata have it.
        parts: of the request.
        max_bytes: of the file.

    Raises:
        Refusal: it cannot be made; names the instance as far as it says what it is.
    """
    if not isinstance(instance, dict):
        raise Refusal("the metadata hold something that is no object", CANNOT_UNDERSTAND)
    attributes = {name.upper(): attribute for name, attribute in instance.items()}
    attributes.pop(_AVAILABLE_TRANSFER_SYNTAX, None)  # of the server that the metadata come from
    archive = service_of(request).archive
    workers, limit = service_of(request).decoder.workers, service_of(request).store_limits.request_bytes
    try:
        pixels = await posted_pixels(attributes, parts, workers, limit)
        attributes |= _document_attributes(attributes, parts) | pixels.attributes
        make = partial(_assemble, archive.blobs, attributes, pixels, parts, max_bytes)
        return await anyio.to_thread.run_sync(make)
    except (Malformed, NotAcceptable, Refusal, Unavailable) as error:
        raise _refusal(error, attributes) from error


def _assemble(
    blobs: Blobs, attributes: DicomJson, pixels: PostedPixels, parts: BulkdataParts, max_bytes: int
) -> Spool:
    """Put the file together. Blocking."""
    uri = pixel_data_uri(attributes)

    def find_bulkdata(bulkdata_uri: str) -> Value:
        return pixels.native if pixels.native and bulkdata_uri == uri else parts.value(bulkdata_uri)

    head = file_head(text(attributes, _SOP_CLASS), text(attributes, _SOP_INSTANCE), pixels.transfer_syntax)
    pieces = [head, *data_set(attributes, find_bulkdata, pixels.frames)]
    with parts.buffer() as buffer:
        return assemble(blobs, buffer, pieces, max_bytes)


def _refusal(error: Exception, attributes: DicomJson) -> Refusal:
    """Return an error as what becomes of this instance."""
    reason = reason_of(error) if isinstance(error, Unavailable) else CANNOT_UNDERSTAND
    if isinstance(error, Refusal):
        reason = error.reason
    uids = (text(attributes, tag) for tag in (_SOP_CLASS, _SOP_INSTANCE))
    return Refusal(str(error), reason, *(uid if is_uid(uid) else "" for uid in uids))


def _document_attributes(attributes: DicomJson, parts: BulkdataParts) -> DicomJson:
    """Return MIME Type and length of an Encapsulated Document, where the metadata lack them. PS3.3 C.24.2.

    The length tells whether a last byte belongs to the document or pads it.
    """
    document = attributes.get(_DOCUMENT)
    uri = document.get("BulkDataURI") if isinstance(document, dict) else None
    documents = parts.answering(uri) if isinstance(uri, str) else []
    if not documents or documents[0].media_type == OCTET_STREAM:
        return {}
    elements = {
        _MIME_TYPE: {"vr": "LO", "Value": [documents[0].media_type]},
        _DOCUMENT_LENGTH: {"vr": "UL", "Value": [documents[0].value.length]},
    }
    return {tag: element for tag, element in elements.items() if tag not in attributes}
