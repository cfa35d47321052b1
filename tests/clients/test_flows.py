"""What programs ask for, one after the other: 3D Slicer, MONAI Label, Slim, wsidicom, Weasis, OHIF."""

from collections.abc import Sequence
from typing import Any

import httpx
import numpy as np
import pytest
from pydicom import Dataset

from tests.builders import JPEG_2000, code_stream, data_set, encapsulated, image, one_bit_image, part10
from tests.web.messages import parts_of, pixels, store, url

FILES = {"accept": 'multipart/related; type="application/dicom"'}  # as dicomweb-client asks for a series
TILE = {"accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
JSON = {"accept": "application/dicom+json"}
SLIDE, ANNOTATIONS = "1.2.840.10008.5.1.4.1.1.77.1.6", "1.2.840.10008.5.1.4.1.1.91.1"
TILES = np.arange(4 * 6 * 8 * 3, dtype=np.uint16).astype(np.uint8).reshape(4, 6, 8, 3)


def values(response: httpx.Response, tag: str) -> list[Any]:
    return [match[tag]["Value"][0] for match in response.json()]


def item(**attributes: Any) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def segmentation(uid: str, of_series: str) -> bytes:
    dataset = one_bit_image(np.ones((2, 4, 4), np.uint8), uid)
    dataset.Modality = "SEG"
    dataset.ReferencedSeriesSequence = [item(SeriesInstanceUID=of_series)]
    return part10(dataset)


def slide(uid: str) -> bytes:
    return part10(image(TILES, uid, SOPClassUID=SLIDE, Modality="SM"))


def slicer_gets(client: httpx.Client, study: str, series: Sequence[str]) -> list[bytes]:
    """Get the files of series as 3D Slicer's import does."""
    contents = []
    for uid in series:
        instances = client.get(f"studies/{study}/series/{uid}/metadata", headers=JSON)
        files = parts_of(client.get(f"studies/{study}/series/{uid}", headers=FILES))
        assert len(values(instances, "00080018")) == len(files)
        contents += [file.content for file in files]
    return contents


def test_slicer_imports_a_study_with_a_file_that_nobody_can_decode(
    dicomweb: httpx.Client, study: str
) -> None:
    undecodable = part10(encapsulated([[code_stream(b"broken")]], uid=f"{study}.2.1"), JPEG_2000)
    store(dicomweb, slide(f"{study}.1.1"), undecodable)

    series = values(dicomweb.get(f"studies/{study}/series", headers=JSON), "0020000E")

    assert sorted(slicer_gets(dicomweb, study, series)) == sorted([slide(f"{study}.1.1"), undecodable])


def test_monai_label_finds_the_study_of_a_series_and_the_segmentation_of_an_image(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, slide(f"{study}.1.1"), segmentation(f"{study}.2.1", f"{study}.1"))

    image_series = dicomweb.get("series", params={"SeriesInstanceUID": f"{study}.1"})
    segmentations = dicomweb.get("series", params={"Modality": "SEG", "StudyInstanceUID": study})
    first, *_ = dicomweb.get(f"studies/{study}/series/{study}.2/metadata").json()

    assert values(image_series, "0020000D") == [study]
    assert values(segmentations, "0020000E") == [f"{study}.2"]
    [referenced] = first["00081115"]["Value"]
    assert referenced["0020000E"]["Value"] == [f"{study}.1"]


def test_monai_label_learns_the_new_series_from_a_retrieve_url_of_the_receipt(
    dicomweb: httpx.Client, study: str
) -> None:
    receipt = store(dicomweb, segmentation(f"{study}.2.1", f"{study}.1")).json()

    [stored] = receipt["00081199"]["Value"]
    [retrieve_url] = stored["00081190"]["Value"]
    assert retrieve_url.partition("/series/")[2] == f"{study}.2/instances/{study}.2.1"


@pytest.mark.parametrize(
    "query",
    [
        "studies?ModalitiesInStudy=SM&fuzzymatching=true&StudyInstanceUID={}",
        "series?Modality=SM&StudyInstanceUID={}",
        "studies/{}/series?Modality=SM",
        "studies/{}/instances?Modality=SM",
    ],
)
def test_slim_finds_slides_at_every_level(dicomweb: httpx.Client, study: str, query: str) -> None:
    store(dicomweb, slide(f"{study}.1.1"))

    response = dicomweb.get(query.format(study), headers=JSON)

    assert values(response, "0020000D") == [study]


def test_slim_gets_a_tile_and_an_overview_with_its_profile(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, slide(f"{study}.1.1"))
    place = url(f"{study}.1.1")

    [tile] = parts_of(dicomweb.get(f"{place}/frames/3", headers=TILE))
    overview = dicomweb.get(f"{place}/rendered?viewport=4,4&iccprofile=yes", headers={"accept": "image/png"})

    assert tile.content == TILES[2].tobytes()
    assert pixels(overview).shape == (3, 4, 3)


def test_slim_gets_the_points_of_annotations_from_inside_their_sequence(
    dicomweb: httpx.Client, study: str
) -> None:
    points = np.arange(4000, dtype="<f4").tobytes()
    indices = np.arange(1, 4000, 4, dtype="<u4").tobytes()
    group = item(PointCoordinatesData=points, LongPrimitivePointIndexList=indices)
    annotations = data_set(
        f"{study}.3.1", SOPClassUID=ANNOTATIONS, Modality="ANN", AnnotationGroupSequence=[group]
    )
    store(dicomweb, part10(annotations))

    [match] = dicomweb.get(f"studies/{study}/instances?Modality=ANN", headers=JSON).json()
    [metadata] = dicomweb.get(f"studies/{study}/series/{study}.3/metadata", headers=JSON).json()
    [group_json] = metadata["006A0002"]["Value"]

    assert match["00080018"]["Value"] == [f"{study}.3.1"]
    for tag, value in (("00660016", points), ("00660040", indices)):
        [part] = parts_of(dicomweb.get(group_json[tag]["BulkDataURI"], headers=TILE))
        assert part.content == value


def test_wsidicom_asks_for_transfer_syntaxes_and_for_several_tiles(
    dicomweb: httpx.Client, study: str
) -> None:
    store(dicomweb, slide(f"{study}.1.1"))
    query = {
        "includefield": "AvailableTransferSyntaxUID",
        "SOPClassUID": SLIDE,
        "SeriesInstanceUID": f"{study}.1",
    }

    response = dicomweb.get(f"studies/{study}/instances", params=query)
    tiles = parts_of(dicomweb.get(f"{url(f'{study}.1.1')}/frames/1,2,4", headers=TILE))

    assert values(response, "00083002") == ["1.2.840.10008.1.2.1"]
    assert [tile.content for tile in tiles] == [TILES[number].tobytes() for number in (0, 1, 3)]


@pytest.mark.parametrize("query", ["?&includefield=00081030&{}", "?=&{}", "?&&{}&", "?PatientID=&{}"])
def test_weasis_leaves_parameters_empty(dicomweb: httpx.Client, study: str, query: str) -> None:
    store(dicomweb, slide(f"{study}.1.1"))

    response = dicomweb.get("studies" + query.format(f"0020000D={study}"), headers=JSON)

    assert values(response, "0020000D") == [study]


def test_a_worklist_names_several_studies_at_once(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, slide(f"{study}.1.1"), slide(f"{study}0.1.1"))

    with_backslashes = dicomweb.get(f"studies?StudyInstanceUID={study}%5C{study}0")
    with_commas = dicomweb.get(f"studies?StudyInstanceUID={study}%2C{study}0")

    assert sorted(values(with_backslashes, "0020000D")) == [study, f"{study}0"]
    assert with_backslashes.json() == with_commas.json()


@pytest.mark.parametrize(
    "key",
    [
        "PatientName=*doe*", "00100020=*1*", "AccessionNumber=*a*", "StudyDescription=*head*",
        "ModalitiesInStudy=SM", "ModalitiesInStudy=SM,CT", "Modality=SM", "StudyDate=20240101-20241231",
    ],
)  # fmt: skip
def test_no_key_of_a_worklist_is_a_bad_request(dicomweb: httpx.Client, key: str) -> None:
    page = "limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060%2C00080090%2C00100030"

    answer = dicomweb.get(f"studies?{page}&{key}", headers=JSON)

    assert answer.status_code in (200, 204)
