"""All that an instance says of itself, from the index: a plain function of a connection."""

from dataclasses import asdict

import sqlalchemy as sa
from isal import isal_zlib

from service.archive.index.lookup import Instance, Target
from service.archive.index.metadata import first_metadata
from service.archive.index.rows import load
from service.dicom_json import DicomJson
from service.errors import InstanceGone


def attributes_of(connection: sa.Connection, instance: Instance) -> DicomJson:
    """Return the metadata of an instance, in which U+FFFE stands for the base URL of Bulkdata URIs.

    It is looked up by its UIDs: the key of a row that is gone may be another's by now.

    Raises:
        InstanceNotFound: it was deleted or replaced meanwhile.
    """
    [(digest, metadata)] = first_metadata(connection, Target(**asdict(instance.uids)), 1)
    if digest != instance.digest:
        raise InstanceGone(instance.uids.instance)
    return load(isal_zlib.decompress(metadata))
