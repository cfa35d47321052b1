"""DICOMDIRs, read by pydicom."""

from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from pydicom import Dataset, dcmread
from pydicom.uid import MediaStorageDirectoryStorage

from service.dicom.fileset.dicomdir import Directory
from tests import file_sets
from tests.builders import EXPLICIT, JPEG_2000
from tests.metadata import data_set, instance

STORAGE = "1.2.840.10008.5.1.4.1.1"
REPORT = data_set(CodeValue="126000", CodingSchemeDesignator="DCM", CodeMeaning="Report")
MODIFIER = data_set(RelationshipType="HAS CONCEPT MOD", ConceptNameCodeSequence=[REPORT])


def directory(*instances: dict[str, Any]) -> bytes:
    made = Directory()
    for number, attributes in enumerate(instances, 1):
        made.add(attributes, ("DICOM", f"I{number:07}"), EXPLICIT)
    return made.file()


def records(file: bytes) -> list[Dataset]:
    return list(dcmread(BytesIO(file)).DirectoryRecordSequence)


def record_of(**attributes: Any) -> Dataset:
    """Return the record of the only instance."""
    return records(directory(instance("1.1.1", **attributes)))[-1]


def test_records_form_a_tree_of_patients_studies_series_and_instances(tmp_path: Path) -> None:
    patient, other = {"PatientID": "one", "PatientName": "A^One"}, {"PatientID": "other"}
    uids, path = ("1.1.1", "1.1.2", "1.2.1", "2.1.1"), tmp_path / "DICOMDIR"
    (tmp_path / "DICOM").mkdir()
    for number in range(1, 6):
        (tmp_path / f"DICOM/I{number:07}").touch()

    path.write_bytes(directory(*(instance(uid, **patient) for uid in uids), instance("3.1.1", **other)))

    with file_sets.opened(path) as file_set:
        assert [instance.SOPInstanceUID for instance in file_set] == [*uids, "3.1.1"]
        assert file_set.find_values("PatientID") == ["one", "other"]
        assert file_set.find_values("StudyInstanceUID") == ["1", "2", "3"]
        assert file_set.find_values("SeriesInstanceUID") == ["1.1", "1.2", "2.1", "3.1"]
        assert [instance.SOPInstanceUID for instance in file_set.find(SeriesInstanceUID="1.1")] == [
            "1.1.1",
            "1.1.2",
        ]


def test_the_first_and_the_last_patient_are_named_by_their_places() -> None:
    file = directory(instance("1.1.1", PatientID="one"), instance("2.1.1", PatientID="other"))

    directory_file = dcmread(BytesIO(file))

    first, last = (record for record in directory_file.DirectoryRecordSequence if "PatientID" in record)
    assert directory_file.OffsetOfTheFirstDirectoryRecordOfTheRootDirectoryEntity == first.seq_item_tell
    assert directory_file.OffsetOfTheLastDirectoryRecordOfTheRootDirectoryEntity == last.seq_item_tell
    assert (first.OffsetOfTheNextDirectoryRecord, last.OffsetOfTheNextDirectoryRecord) == (
        last.seq_item_tell,
        0,
    )


def test_a_directory_without_instances_is_one() -> None:
    assert records(directory()) == []


def test_an_instance_is_named_by_its_file_class_uid_and_transfer_syntax() -> None:
    made = Directory()

    made.add(instance("1.1.1"), ("DICOM", "S0000001", "I0000001"), JPEG_2000)

    record = records(made.file())[-1]
    assert record.ReferencedFileID == ["DICOM", "S0000001", "I0000001"]
    assert record.ReferencedSOPClassUIDInFile == f"{STORAGE}.2"
    assert (record.ReferencedSOPInstanceUIDInFile, record.ReferencedTransferSyntaxUIDInFile) == (
        "1.1.1",
        JPEG_2000,
    )


def test_the_file_is_a_media_storage_directory_with_the_same_uid_each_time() -> None:
    first, again, other = (
        dcmread(BytesIO(directory(instance(uid)))).file_meta for uid in ("1.1.1", "1.1.1", "1.1.2")
    )

    assert (first.MediaStorageSOPClassUID, first.TransferSyntaxUID) == (
        MediaStorageDirectoryStorage,
        EXPLICIT,
    )
    assert first.MediaStorageSOPInstanceUID == again.MediaStorageSOPInstanceUID
    assert first.MediaStorageSOPInstanceUID != other.MediaStorageSOPInstanceUID


@pytest.mark.parametrize(
    ("ending", "kind", "key"),
    [
        ("2", "IMAGE", "InstanceNumber"),
        ("66.4", "IMAGE", "InstanceNumber"),
        ("66", "RAW DATA", "ContentDate"),
        ("9.1.1", "WAVEFORM", "ContentTime"),
        ("11.1", "PRESENTATION", "ContentLabel"),
        ("88.11", "SR DOCUMENT", "CompletionFlag"),
        ("88.59", "KEY OBJECT DOC", "ConceptNameCodeSequence"),
        ("104.1", "ENCAP DOC", "MIMETypeOfEncapsulatedDocument"),
        ("481.1", "IMAGE", "InstanceNumber"),
        ("481.2", "RT DOSE", "DoseSummationType"),
        ("481.3", "RT STRUCTURE SET", "StructureSetLabel"),
        ("481.5", "RT PLAN", "RTPlanLabel"),
        ("481.12", "RADIOTHERAPY", "InstanceNumber"),
        ("67", "VALUE MAP", "ContentLabel"),
    ],
)
def test_the_class_decides_the_record_and_its_keys_are_there_even_without_a_value(
    ending: str, kind: str, key: str
) -> None:
    record = record_of(SOPClassUID=f"{STORAGE}.{ending}")

    assert record.DirectoryRecordType == kind
    assert record[key].is_empty


def test_a_private_class_makes_a_private_record() -> None:
    record = record_of(SOPClassUID="1.2.3.4")

    assert (record.DirectoryRecordType, record.PrivateRecordUID) == ("PRIVATE", "1.2.3.4")


def test_keys_repeat_what_the_instance_says() -> None:
    attributes = {
        "PatientName": "Yamada^Tarou=山田^太郎",
        "StudyDate": "20240131",
        "Modality": "MR",
        "Rows": 512,
    }

    patient, study, series, image = records(directory(instance("1.1.1", InstanceNumber=3, **attributes)))

    assert patient.PatientName.ideographic == "山田^太郎"
    assert (study.StudyDate, study["StudyID"].is_empty, series.Modality) == ("20240131", True, "MR")
    assert (image.InstanceNumber, image.Rows) == (3, 512)


def test_a_report_brings_its_title_and_what_qualifies_it() -> None:
    content = data_set(RelationshipType="CONTAINS", TextValue="findings of a patient")

    record = record_of(
        SOPClassUID=f"{STORAGE}.88.33", ConceptNameCodeSequence=[REPORT], ContentSequence=[MODIFIER, content]
    )

    assert record.ConceptNameCodeSequence[0].CodeMeaning == "Report"
    assert [item.RelationshipType for item in record.ContentSequence] == ["HAS CONCEPT MOD"]


def test_a_key_that_is_bulk_data_is_empty() -> None:
    attributes = instance("1.1.1", SOPClassUID=f"{STORAGE}.104.1")
    attributes["00420010"] = {"vr": "ST", "BulkDataURI": "somewhere"}

    assert records(directory(attributes))[-1]["DocumentTitle"].is_empty


def test_values_that_cannot_be_written_are_left_out() -> None:
    attributes = instance("1.1.1", InstanceNumber=1) | {"00280010": {"vr": "US", "Value": [2**20]}}

    record = records(directory(attributes))[-1]

    assert record.ReferencedSOPInstanceUIDInFile == "1.1.1"
    assert record["Rows"].is_empty
