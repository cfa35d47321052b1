from dataclasses import replace

import pytest

from service.archive import Archive
from service.archive.index.lookups.metadata import attributes_of
from service.errors import InstanceGone
from tests.archive.intake import stored
from tests.builders import data_set, part10


def test_attributes_are_found_by_the_uids_and_not_by_the_key_of_a_row(archive: Archive) -> None:
    instance = stored(archive, "1.1.1", part10(data_set("1.1.1", PatientID="one")))
    other = stored(archive, "1.1.2", part10(data_set("1.1.2", PatientID="other")))

    attributes = archive.index.read_now(attributes_of, replace(instance, key=other.key))

    assert attributes["00100020"]["Value"] == ["one"]


def test_attributes_of_another_file_of_the_same_instance_are_not_taken(archive: Archive) -> None:
    instance = stored(archive, "1.1.1", part10(data_set("1.1.1")))

    with pytest.raises(InstanceGone):
        archive.index.read_now(attributes_of, replace(instance, digest=bytes(32)))
