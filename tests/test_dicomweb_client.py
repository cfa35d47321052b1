"""An independent client, used as its users do: https://dicomweb-client.readthedocs.io."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from imagecodecs import jpeg8_decode, png_decode
from requests import HTTPError

from service.settings import Settings
from tests.builders import EXPLICIT, JPEG_2000, code_stream, ct_image, encapsulated, image, part10
from tests.serving import serving
from tests.web.messages import store

PIXELS = np.arange(3 * 8 * 8, dtype=np.uint16).reshape(3, 8, 8)
STREAMS = [code_stream(b"first"), code_stream(b"second")]
CT, MULTIFRAME, COMPRESSED = ("1", "1.1", "1.1.1"), ("1", "1.2", "1.2.1"), ("2", "2.1", "2.1.1")
FILES = {
    CT: part10(ct_image("1.1.1")),
    MULTIFRAME: part10(image(PIXELS, "1.2.1", Modality="OT")),
    COMPRESSED: part10(encapsulated([[one] for one in STREAMS], uid="2.1.1"), JPEG_2000),
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[DICOMwebClient]:
    """The client, and a service that holds FILES."""
    folder = tmp_path_factory.mktemp("client")
    (folder / "index.sqlite").write_bytes(sqlite_template.read_bytes())
    with serving(Settings(data=folder)) as http:
        store(http, *FILES.values())
        yield DICOMwebClient(str(http.base_url).rstrip("/"))


@pytest.fixture
def writer(empty_dicomweb: httpx.Client) -> DICOMwebClient:
    """The client, and a service with nothing in it."""
    return DICOMwebClient(str(empty_dicomweb.base_url).rstrip("/"))


def test_it_stores_data_sets_and_reads_the_receipt(writer: DICOMwebClient) -> None:
    data_sets = [pydicom.dcmread(BytesIO(file)) for file in FILES.values()]

    receipt = writer.store_instances(data_sets)
    again = writer.store_instances(data_sets[:2], study_instance_uid="1")

    assert [item.ReferencedSOPInstanceUID for item in receipt.ReferencedSOPSequence] == [
        "1.1.1",
        "1.2.1",
        "2.1.1",
    ]
    assert "FailedSOPSequence" not in receipt
    assert again.RetrieveURL.endswith("/studies/1")


def test_it_is_told_which_instances_could_not_be_stored(writer: DICOMwebClient) -> None:
    data_sets = [pydicom.dcmread(BytesIO(FILES[one])) for one in (CT, COMPRESSED)]

    receipt = writer.store_instances(data_sets, study_instance_uid="2")

    [failed] = receipt.FailedSOPSequence
    assert (failed.ReferencedSOPInstanceUID, len(receipt.ReferencedSOPSequence)) == ("1.1.1", 1)


def test_it_finds_studies_series_and_instances(client: DICOMwebClient) -> None:
    studies = client.search_for_studies(search_filters={"PatientName": "doe*"}, fuzzymatching=False)
    series = client.search_for_series("1", search_filters={"Modality": "CT"}, fields=["SeriesDescription"])
    instances = client.search_for_instances("1", "1.1")

    assert [one["0020000D"]["Value"] for one in studies] == [["1"]]
    assert [one["0020000E"]["Value"] for one in series] == [["1.1"]]
    assert [one["00080018"]["Value"] for one in instances] == [["1.1.1"]]


def test_it_finds_nothing_where_nothing_is(client: DICOMwebClient) -> None:
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []


@pytest.mark.filterwarnings("ignore:.*additional results:UserWarning")
def test_it_gets_the_remaining_pages_by_itself(client: DICOMwebClient) -> None:
    first = client.search_for_instances(limit=1)
    every = client.search_for_instances(limit=1, get_remaining=True)

    assert len(first) == 1
    assert sorted(one["00080018"]["Value"][0] for one in every) == ["1.1.1", "1.2.1", "2.1.1"]


def test_it_retrieves_instances_series_and_studies(client: DICOMwebClient) -> None:
    instance = client.retrieve_instance(*CT)
    series = client.retrieve_series(*CT[:2])
    study = client.retrieve_study(CT[0])

    assert instance == pydicom.dcmread(BytesIO(FILES[CT]))
    assert [one.SOPInstanceUID for one in series] == ["1.1.1"]
    assert sorted(one.SOPInstanceUID for one in study) == ["1.1.1", "1.2.1"]
    assert len(list(client.iter_study(CT[0]))) == 2


@pytest.mark.parametrize(
    "media_types", [None, (("application/dicom", "*"),), (("application/dicom", JPEG_2000),)], ids=str
)
def test_it_retrieves_a_compressed_instance_as_it_is_stored(
    client: DICOMwebClient, media_types: tuple[tuple[str, str], ...] | None
) -> None:
    found = client.retrieve_instance(*COMPRESSED, media_types=media_types)

    assert found.file_meta.TransferSyntaxUID == JPEG_2000
    assert found == pydicom.dcmread(BytesIO(FILES[COMPRESSED]))


def test_it_reads_metadata_into_data_sets(client: DICOMwebClient) -> None:
    instance = client.retrieve_instance_metadata(*CT)
    series = client.retrieve_series_metadata(*CT[:2])
    study = client.retrieve_study_metadata(CT[0])

    found = pydicom.Dataset.from_json(instance, bulk_data_uri_handler=lambda *_: b"")
    assert (found.PatientName, found.Rows) == ("Doe^Jane", 8)
    assert series == [instance]
    assert instance in study


@pytest.mark.parametrize(
    "media_types",
    [
        None,
        ("application/octet-stream",),
        (("application/octet-stream", "*"),),
        (("application/octet-stream", EXPLICIT),),
    ],
    ids=str,
)
def test_it_retrieves_native_frames(
    client: DICOMwebClient, media_types: tuple[str | tuple[str, str], ...] | None
) -> None:
    frames = client.retrieve_instance_frames(*MULTIFRAME, [1, 3], media_types=media_types)

    assert frames == [PIXELS[0].tobytes(), PIXELS[2].tobytes()]


@pytest.mark.parametrize(
    "media_types", [None, (("image/jp2", JPEG_2000),), (("application/octet-stream", "*"),)], ids=str
)
def test_it_retrieves_compressed_frames(
    client: DICOMwebClient, media_types: tuple[tuple[str, str], ...] | None
) -> None:
    assert list(client.iter_instance_frames(*COMPRESSED, [1, 2], media_types=media_types)) == STREAMS


def test_it_retrieves_the_bulkdata_that_metadata_name(client: DICOMwebClient) -> None:
    uri = client.retrieve_instance_metadata(*MULTIFRAME)["7FE00010"]["BulkDataURI"]

    assert client.retrieve_bulkdata(uri) == [PIXELS.tobytes()]


def test_it_retrieves_rendered_pictures(client: DICOMwebClient) -> None:
    jpeg = client.retrieve_instance_rendered(*CT, media_types=("image/jpeg",))
    png = client.retrieve_instance_rendered(
        *CT, media_types=("image/png",), params={"window": "40,400,linear"}
    )
    frame = client.retrieve_instance_frames_rendered(*MULTIFRAME, [2], media_types=("image/png",))

    assert [one.shape for one in (jpeg8_decode(jpeg), png_decode(png), png_decode(frame))] == [(8, 8)] * 3


def test_it_deletes_instances_series_and_studies(writer: DICOMwebClient) -> None:
    writer.store_instances([pydicom.dcmread(BytesIO(file)) for file in FILES.values()])

    writer.delete_instance(*CT)
    writer.delete_series(*MULTIFRAME[:2])
    writer.delete_study(COMPRESSED[0])

    assert writer.search_for_studies() == []
    with pytest.raises(HTTPError, match="404"):
        writer.retrieve_instance(*CT)
