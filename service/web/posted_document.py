"""A document that came as bulk data of its own media type: what its instance says of it. PS3.18 10.5.1.4."""

from service.dicom_json import DicomJson
from service.transfer_syntaxes import OCTET_STREAM
from service.web.stow.bulkdata import BulkdataParts

_DOCUMENT, _MIME_TYPE, _LENGTH = "00420011", "00420012", "00420015"


def document_attributes(attributes: DicomJson, parts: BulkdataParts) -> DicomJson:
    """Return MIME Type and length of an Encapsulated Document, where the metadata lack them. PS3.3 C.24.2.

    The length tells whether a last byte belongs to the document or pads it.
    """
    document = attributes.get(_DOCUMENT)
    uri = document.get("BulkDataURI") if isinstance(document, dict) else None
    found = parts.answering(uri) if isinstance(uri, str) else []
    if not found or found[0].media_type == OCTET_STREAM:
        return {}
    stated = {
        _MIME_TYPE: {"vr": "LO", "Value": [found[0].media_type]},
        _LENGTH: {"vr": "UL", "Value": [found[0].value.length]},
    }
    return {tag: one for tag, one in stated.items() if tag not in attributes}
