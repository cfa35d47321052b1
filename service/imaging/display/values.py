"""A binary value of an instance, wherever it is kept: in its metadata or in its file."""

from base64 import b64decode

from service.archive import Archive
from service.archive.files.reading.content import Content, InMemory, bulkdata_content
from service.archive.index.lookups.bulkdata import bulkdata_of
from service.archive.instance import Instance
from service.dicom_json import DicomJson


async def binary_value(archive: Archive, instance: Instance, element: DicomJson, path: str) -> Content | None:
    """Return the bytes of a value; None if it is empty.

    Args:
        archive: where the instance is.
        instance: which has the value.
        element: DICOM JSON of the attribute.
        path: of the attribute, as in its Bulkdata URI.

    Raises:
        InstanceNotFound, BulkdataNotFound: it was deleted meanwhile.
    """
    if "InlineBinary" in element:
        return InMemory(b64decode(element["InlineBinary"]))
    if "BulkDataURI" not in element:
        return None
    place = await archive.index.read(bulkdata_of, instance, path)
    return await bulkdata_content(archive.blobs, instance, place)
