import io
import zipfile

import httpx
import pytest
from pydicom import dcmread

from tests import file_sets
from tests.builders import EXPLICIT, IMPLICIT, JPEG_2000, code_stream, ct_image, encapsulated, part10
from tests.web.messages import store, url

ZIP = {"accept": "application/zip"}


@pytest.fixture
def files(dicomweb: httpx.Client, study: str) -> dict[str, bytes]:
    """A study of two series: name in the ZIP file → file as it was stored."""
    compressed = encapsulated([[code_stream(b"first")]], uid=f"{study}.2.1")
    compressed.SeriesNumber = 2
    contents = {
        "DICOM/S0000001/I0000001": part10(ct_image(f"{study}.1.1", InstanceNumber=1)),
        "DICOM/S0000001/I0000002": part10(ct_image(f"{study}.1.2", InstanceNumber=2)),
        "DICOM/S0000002/I0000001": part10(compressed, JPEG_2000),
    }
    store(dicomweb, *contents.values())
    return contents


def opened(response: httpx.Response) -> zipfile.ZipFile:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/zip"
    return zipfile.ZipFile(io.BytesIO(response.content))


def read(response: httpx.Response) -> dict[str, bytes]:
    archive = opened(response)
    return {name: archive.read(name) for name in archive.namelist()}


def test_a_study_is_its_files_as_they_were_stored(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    assert read(dicomweb.get(f"studies/{study}", headers=ZIP)) == files


def test_a_series_and_an_instance_are_zip_files_too(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    series = read(dicomweb.get(f"studies/{study}/series/{study}.2", headers=ZIP))
    instance = read(dicomweb.get(url(f"{study}.1.2"), headers=ZIP))

    assert list(series.values()) == [files["DICOM/S0000002/I0000001"]]
    assert list(instance.values()) == [files["DICOM/S0000001/I0000002"]]


def test_a_link_can_ask_for_it(dicomweb: httpx.Client, study: str, files: dict[str, bytes]) -> None:
    response = dicomweb.get(
        f"studies/{study}", params={"accept": "application/zip"}, headers={"accept": "*/*"}
    )

    assert read(response) == files


def test_the_browser_is_told_a_name_without_patient_data(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    response = dicomweb.get(url(f"{study}.1.1"), headers=ZIP)

    assert response.headers["content-disposition"] == f'attachment; filename="{study}.1.1.zip"'


def test_the_length_is_known_and_the_tag_holds(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    first = dicomweb.get(f"studies/{study}", headers=ZIP)
    head = dicomweb.head(f"studies/{study}", headers=ZIP)
    again = dicomweb.get(f"studies/{study}", headers=ZIP | {"if-none-match": first.headers["etag"]})

    assert int(first.headers["content-length"]) == len(first.content)
    assert (head.headers["content-length"], head.content) == (first.headers["content-length"], b"")
    assert again.status_code == 304


def test_a_file_of_a_transfer_syntax_that_is_never_sent_is_converted(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, part10(ct_image(f"{study}.1.1"), IMPLICIT))

    [file] = read(dicomweb.get(f"studies/{study}", headers=ZIP)).values()

    dataset = dcmread(io.BytesIO(file))
    assert dataset.file_meta.TransferSyntaxUID == EXPLICIT
    assert dataset == ct_image(f"{study}.1.1")


def test_a_large_file_comes_whole(dicomweb: httpx.Client, study: str) -> None:
    file = part10(ct_image(f"{study}.1.1", PixelData=bytes(range(256)) * 2**14))
    store(dicomweb, file)

    assert list(read(dicomweb.get(f"studies/{study}", headers=ZIP)).values()) == [file]


def test_a_dicomdir_makes_it_a_file_set(
    dicomweb: httpx.Client,
    study: str,
    files: dict[str, bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("disc")

    response = dicomweb.get(f"studies/{study}?dicomdir=true", headers=ZIP)

    opened(response).extractall(folder)
    with file_sets.opened(folder / "DICOMDIR") as file_set:
        assert file_set.find_values("StudyInstanceUID") == [study]
        assert [instance.load() for instance in file_set] == [
            dcmread(io.BytesIO(file)) for file in files.values()
        ]
        assert [instance.ReferencedTransferSyntaxUIDInFile for instance in file_set] == [
            EXPLICIT,
            EXPLICIT,
            JPEG_2000,
        ]


def test_the_dicomdir_is_only_there_when_asked_for(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    without, with_it = (
        dicomweb.get(f"studies/{study}?dicomdir={choice}", headers=ZIP) for choice in ("false", "true")
    )

    assert [*read(with_it)] == [*read(without), "DICOMDIR"]
    assert with_it.headers["etag"] != without.headers["etag"]


def test_another_value_of_dicomdir_is_refused(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    response = dicomweb.get(f"studies/{study}?dicomdir=maybe", headers=ZIP)

    assert response.status_code == 400
    assert "dicomdir=maybe" in response.json()["message"]


@pytest.mark.parametrize(
    "path", ["studies/9.9.9", "studies/{}/series/9", "studies/{}/series/{}.1/instances/9"]
)
def test_what_is_not_here_is_not_found(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes], path: str
) -> None:
    assert dicomweb.get(path.format(study, study), headers=ZIP).status_code == 404


def test_another_transfer_syntax_cannot_be_had_in_it(
    dicomweb: httpx.Client, study: str, files: dict[str, bytes]
) -> None:
    response = dicomweb.get(
        f"studies/{study}", headers={"accept": f"application/zip; transfer-syntax={JPEG_2000}"}
    )

    assert response.status_code == 406
    assert "application/zip" in response.json()["available"]
