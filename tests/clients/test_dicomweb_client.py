"""An independent client, used as its users do: https://dicomweb-client.readthedocs.io."""

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from requests import HTTPError

from tests.clients.holdings import COMPRESSED, CT, FILES, GRAY, MULTIFRAME, NEXT_CT, names

STUDY, SERIES, INSTANCE = "0020000D", "0020000E", "00080018"
Found = Sequence[dict[str, Any]]


def values(matches: Found, tag: str) -> list[Any]:
    return [match[tag]["Value"][0] for match in matches]


def data_sets(*uids: str) -> list[pydicom.Dataset]:
    return [pydicom.dcmread(BytesIO(FILES[uid])) for uid in uids]


def test_it_stores_data_sets_and_reads_the_receipt(writer: DICOMwebClient) -> None:
    receipt = writer.store_instances(data_sets(CT, MULTIFRAME, COMPRESSED))
    again = writer.store_instances(data_sets(CT, MULTIFRAME), study_instance_uid="1")

    stored = [item.ReferencedSOPInstanceUID for item in receipt.ReferencedSOPSequence]
    assert stored == [CT, MULTIFRAME, COMPRESSED]
    assert "FailedSOPSequence" not in receipt
    assert again.RetrieveURL.endswith("/studies/1")


def test_it_is_told_which_instances_could_not_be_stored(writer: DICOMwebClient) -> None:
    receipt = writer.store_instances(data_sets(CT, COMPRESSED), study_instance_uid="2")

    [failed] = receipt.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, len(receipt.ReferencedSOPSequence)) == (CT, 1)


def test_it_finds_studies_by_every_kind_of_key(reader: DICOMwebClient) -> None:
    def found(**keys: str) -> list[str]:
        return values(reader.search_for_studies(search_filters=keys), STUDY)

    assert found(PatientName="doe*") == ["1"]
    assert found(PatientID="P1", StudyDate="20240101-20241231") == ["1"]
    assert found(ModalitiesInStudy="US") == ["2"]
    assert sorted(found(StudyInstanceUID="1,2")) == ["1", "2"]
    assert found(PatientID="nobody") == []


@pytest.mark.parametrize(("fuzzy", "uids"), [(False, []), (True, ["1"])])
def test_it_finds_people_by_the_beginnings_of_their_names_if_asked_to(
    reader: DICOMwebClient, fuzzy: bool, uids: list[str]
) -> None:
    studies = reader.search_for_studies(search_filters={"PatientName": "jan do"}, fuzzymatching=fuzzy)

    assert values(studies, STUDY) == uids


def test_it_finds_series_of_a_study_and_of_all(reader: DICOMwebClient) -> None:
    in_study = reader.search_for_series("1", search_filters={"Modality": "CT"}, fields=["SeriesDate"])
    in_all = reader.search_for_series(search_filters={"Modality": "MR"})

    assert values(in_study, SERIES) == ["1.1"]
    assert (values(in_all, SERIES), values(in_all, STUDY)) == (["2.1"], ["2"])


def test_it_finds_instances_of_a_series_of_a_study_and_of_all(reader: DICOMwebClient) -> None:
    in_series = reader.search_for_instances("1", "1.1", search_filters={"InstanceNumber": "2"})
    in_study = reader.search_for_instances("1")
    in_all = reader.search_for_instances(search_filters={"SOPInstanceUID": GRAY}, fields=["all"])

    assert values(in_series, INSTANCE) == [NEXT_CT]
    assert sorted(values(in_study, INSTANCE)) == [CT, NEXT_CT, MULTIFRAME]
    assert values(in_all, INSTANCE) == [GRAY]


@pytest.mark.filterwarnings("ignore:.*additional results:UserWarning")
def test_it_gets_one_page_or_all_that_remain(reader: DICOMwebClient) -> None:
    every = values(reader.search_for_instances(), INSTANCE)

    second = reader.search_for_instances(limit=3, offset=3)
    the_rest = reader.search_for_instances(limit=3, offset=3, get_remaining=True)
    all_pages = reader.search_for_instances(limit=3, get_remaining=True)

    assert values(second, INSTANCE) == every[3:6]
    assert values(the_rest, INSTANCE) == every[3:]
    assert values(all_pages, INSTANCE) == every


@pytest.mark.filterwarnings("ignore:.*additional results:UserWarning")
def test_it_gets_all_that_remain_of_studies_and_series_too(reader: DICOMwebClient) -> None:
    studies = reader.search_for_studies(limit=1, get_remaining=True)
    series = reader.search_for_series("2", limit=2, get_remaining=True)

    assert sorted(values(studies, STUDY)) == ["1", "2"]
    assert sorted(values(series, SERIES)) == ["2.1", "2.2", "2.3", "2.4", "2.5"]


def test_it_reads_metadata_into_data_sets(reader: DICOMwebClient) -> None:
    instance = reader.retrieve_instance_metadata(*names(CT))
    series = reader.retrieve_series_metadata("1", "1.1")
    study = reader.retrieve_study_metadata("1")

    dataset = pydicom.Dataset.from_json(instance, bulk_data_uri_handler=lambda *_: b"")
    assert (dataset.PatientName, dataset.Rows) == ("Doe^Jane", 8)
    assert (instance in series, instance in study) == (True, True)
    assert sorted(values(study, INSTANCE)) == [CT, NEXT_CT, MULTIFRAME]


def test_it_deletes_instances_series_and_studies(writer: DICOMwebClient) -> None:
    writer.store_instances(data_sets(CT, NEXT_CT, MULTIFRAME, COMPRESSED))

    writer.delete_instance(*names(CT))
    writer.delete_series("1", "1.2")
    writer.delete_study("2")

    assert values(writer.search_for_instances(), INSTANCE) == [NEXT_CT]
    with pytest.raises(HTTPError, match="404"):
        writer.retrieve_instance(*names(CT))
