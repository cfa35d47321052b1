"""All that an instance says of itself, from the index: a plain function of a connection."""

import sqlalchemy as sa
from isal import isal_zlib

from service.archive.documents import metadata_of
from service.archive.instances import Instance
from service.archive.rows import load
from service.dicom.json_model import DicomJson
from service.errors import InstanceNotFound


def attributes_of(connection: sa.Connection, instance: Instance) -> DicomJson:
    """Return the metadata of an instance, in which U+FFFE stands for the base URL of Bulkdata URIs.

    Raises:
        InstanceNotFound: it was deleted meanwhile.
    """
    found = metadata_of(connection, [instance.key])
    if not found:
        raise InstanceNotFound(instance.uids.instance)
    return load(isal_zlib.decompress(found[0]))
