from collections.abc import Callable
from dataclasses import replace
from io import BytesIO

import httpx
import pydicom
import pytest

from tests.bench import phantoms
from tests.bench.corpus import batches, ct_series
from tests.bench.phantoms import Picture, files
from tests.bench.population import REPORT
from tests.bench.requests import store
from tests.web.messages import parts_of

PICTURES = [
    pytest.param(lambda: phantoms.native(16), 1, 16 * 16 * 2, id="native"),
    pytest.param(lambda: phantoms.native(16, 24), 24, 16 * 16 * 2, id="native, multi-frame"),
    pytest.param(lambda: phantoms.jpeg_ls(64), 1, 64 * 64 * 2, id="JPEG-LS"),
    pytest.param(lambda: phantoms.slide(20, 64), 20, 64 * 64 * 3, id="a slide"),
]


@pytest.mark.parametrize(("picture", "frames", "frame_bytes"), PICTURES)
def test_phantoms_are_stored_and_their_last_frame_is_decoded(
    dicomweb: httpx.Client, picture: Callable[[], Picture], frames: int, frame_bytes: int
) -> None:
    series = ct_series(f"phantom {frames} {frame_bytes}", 1, 3)
    request = store(list(files(series, picture())))

    receipt = dicomweb.post("studies", content=b"".join(request.body), headers=dict(request.headers))

    assert receipt.status_code == 200
    path = f"studies/{series.study.uid}/series/{series.uid}/instances/{series.instance_uid(3)}"
    decoded = dicomweb.get(f"{path}/frames/{frames}", headers={"accept": "application/octet-stream"})
    assert len(decoded.content) == frame_bytes
    assert len(parts_of(dicomweb.get(f"studies/{series.study.uid}"))) == 3


def test_instances_of_a_series_differ_in_identity_number_and_position() -> None:
    series = ct_series("read back", 1, 12)

    datasets = [pydicom.dcmread(BytesIO(b"".join(file))) for file in files(series, phantoms.native(16))]

    assert [dataset.InstanceNumber for dataset in datasets] == list(range(1, 13))
    assert [dataset.SOPInstanceUID for dataset in datasets] == [
        series.instance_uid(number) for number in range(1, 13)
    ]
    assert [dataset.file_meta.MediaStorageSOPInstanceUID for dataset in datasets] == [
        dataset.SOPInstanceUID for dataset in datasets
    ]
    assert len({dataset.SliceLocation for dataset in datasets}) == 12
    assert {dataset.SeriesInstanceUID for dataset in datasets} == {series.uid}


def test_reports_have_no_pixels() -> None:
    series = replace(ct_series("report", 1, 1), examination=REPORT)

    [file] = files(series, phantoms.native(16))

    assert "PixelData" not in pydicom.dcmread(BytesIO(b"".join(file)))


def test_the_noise_of_a_phantom_is_as_hard_to_compress_as_that_of_a_scanner() -> None:
    native, compressed = phantoms.native(256), phantoms.jpeg_ls(256)

    [ratio] = {round(sum(map(len, compressed.variants[0])) / sum(map(len, native.variants[0])), 1)}

    assert 0.3 <= ratio <= 0.6


def test_files_are_put_together_until_they_are_worth_a_request() -> None:
    small, large = [(b"1",)] * 120, [(b"1" * 2**20,) * 20] * 3

    assert [len(batch) for batch in batches(small)] == [50, 50, 20]
    assert [len(batch) for batch in batches(large)] == [2, 1]
