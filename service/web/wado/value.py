"""One of the values that metadata leave out, as an answer or as a part of one. PS3.18 10.4.1.1.5."""

from starlette.requests import Request
from starlette.responses import Response

from service.archive import Archive
from service.archive.files.reading.content import bulkdata_content
from service.archive.index.lookups.bulkdata import PIXEL_DATA_PATHS, bulkdata_of
from service.archive.instance import Instance, Located
from service.dicom.json.writer import Bulkdata
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, OCTET_STREAM
from service.web.http.answers.etags import etag_of
from service.web.http.answers.multipart import boundary_for
from service.web.http.answers.responses import MultipartRelated, Part, not_modified, one_part, single_part
from service.web.http.requests.accept import Accept, Offer
from service.web.http.requests.urls import bulkdata_url
from service.web.state import service_of
from service.web.wado.pixel_data import answer_pixel_data

VALUE = Offer(OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN, multipart=True)
_VALUE_OFFERS = (VALUE, Offer(OCTET_STREAM, EXPLICIT_VR_LITTLE_ENDIAN))


async def answer_value(request: Request, located: Located, path: str, accept: Accept) -> Response:
    """Answer with a value of an instance.

    Args:
        request: with its Range.
        located: the instance.
        path: of the attribute, as in its Bulkdata URI.
        accept: of the client.

    Raises:
        BulkdataNotFound: it has none under this path.
        NotAcceptable: in no form that the client accepts.
    """
    archive = service_of(request).archive
    instance = located.instance
    place = await archive.index.read(bulkdata_of, instance, path)
    url = bulkdata_url(request.state.base_url, instance, path)
    if path in PIXEL_DATA_PATHS and located.frames is not None:
        return await answer_pixel_data(request, located, place, url, accept)
    offer = accept.choose(*_VALUE_OFFERS)
    etag = etag_of(instance.digest, str(offer), url)
    if answer := not_modified(request, etag):
        return answer
    if offer.multipart:
        parts = one_part(await value_part(archive, instance, place, url))
        return MultipartRelated(parts, offer, boundary_for(etag), etag=etag)
    content = await bulkdata_content(archive.blobs, instance, place)
    kind = offer.content_type
    return single_part(request, content.runs, content.size, content_type=kind, etag=etag, location=url)


async def value_part(archive: Archive, instance: Instance, place: Bulkdata, url: str) -> Part:
    """Return a value that is not the instance's pixel data as a part of a message."""
    content = await bulkdata_content(archive.blobs, instance, place)
    return Part(VALUE.content_type, content.runs(0, content.size), content.size, url)
