"""Volumes of a series with a fourth axis: times, echoes, gradients."""

import struct
from collections.abc import Callable
from io import BytesIO
from typing import Any
from zipfile import ZipFile

import httpx
import nibabel
import numpy as np
import orjson
import pytest
from pydicom.dataset import Dataset

from tests.web.series import SERIES, ct_slice, store, stored_values

VOLUME = f"{SERIES}/volume"
STORED = stored_values(3, 2, 6, 5)
HU = STORED.astype(int) - 1024


async def _store(client: httpx.AsyncClient, *volumes: dict[str, Any]) -> None:
    """Store two slices for each of some volumes, the last volume first."""
    for time, attributes in reversed(list(enumerate(volumes))):
        for place in range(2):
            own = {"ImagePositionPatient": [0, 0, 2.5 * place]} | attributes
            await store(client, ct_slice(10 * time + place + 1, STORED[time, place], **own))


@pytest.mark.parametrize("along", ["TriggerTime", "auto", "00181060"])
async def test_several_times_are_one_array_of_four_axes(client: httpx.AsyncClient, along: str) -> None:
    await _store(client, *({"TriggerTime": 40 * time + 2} for time in range(3)))

    response = await client.get(f"{VOLUME}?along={along}")

    assert response.status_code == 200, response.text
    np.testing.assert_array_equal(np.load(BytesIO(response.content)), HU)
    assert response.headers["x-volume-shape"] == "[3,2,6,5]"
    assert response.headers["x-volume-along"] == '{"attributes":["TriggerTime"],"units":["ms"]}'
    description = (await client.get(f"{VOLUME}?along={along}&accept=application/json")).json()
    assert description["along"]["values"] == [[2], [42], [82]]


async def test_nifti_has_a_fourth_axis_in_seconds(client: httpx.AsyncClient) -> None:
    await _store(client, *({"TriggerTime": 40 * time} for time in range(3)))

    response = await client.get(f"{VOLUME}?along=TriggerTime", headers={"accept": "application/x-nifti"})

    image: Any = nibabel.Nifti1Image.from_stream(BytesIO(response.content))
    np.testing.assert_array_equal(np.asarray(image.dataobj), HU.T)
    assert image.header.get_xyzt_units() == ("mm", "sec")
    assert image.header.get_zooms()[3] == pytest.approx(0.04)


async def test_parts_and_values_are_those_of_each_volume(client: httpx.AsyncClient) -> None:
    await _store(client, *({"EchoNumbers": echo, "EchoTime": 5.0 * echo} for echo in (1, 2, 3)))

    response = await client.get(f"{VOLUME}?along=EchoTime&EchoNumbers=2-3&slices=2&region=1,1,4,3")

    np.testing.assert_array_equal(np.load(BytesIO(response.content)), HU[1:, 1:, 1:3, 1:4])


async def test_without_the_axis_it_stays_a_conflict(client: httpx.AsyncClient) -> None:
    await _store(client, *({"EchoTime": 5.0 * echo} for echo in (1, 2, 3)))

    assert (await client.get(VOLUME)).status_code == 409


@pytest.mark.parametrize(
    ("volumes", "along"),
    [
        pytest.param(
            [{"EchoTime": 1}, {"EchoTime": 2, "PixelSpacing": [1, 1]}], "EchoTime", id="another spacing"
        ),
        pytest.param([{"EchoTime": 1}, {}], "EchoTime", id="no value"),
        pytest.param([{"EchoTime": 1}, {"EchoTime": 2}], "TriggerTime", id="an attribute that none has"),
        pytest.param([{"EchoTime": 1}, {"EchoTime": 2, "Rows": 5}], "auto", id="another matrix"),
    ],
)
async def test_volumes_that_do_not_lie_in_the_same_place_are_a_conflict(
    client: httpx.AsyncClient, volumes: list[dict[str, Any]], along: str
) -> None:
    await _store(client, *volumes)

    assert (await client.get(f"{VOLUME}?along={along}")).status_code == 409


async def test_gradients_are_told_as_fsl_wants_them(client: httpx.AsyncClient) -> None:
    """Rows run to the patient's left and columns to the back, so that FSL's axes are x backwards, y, z."""
    half = 0.5**0.5
    await _store(
        client,
        {"DiffusionBValue": 0.0},
        {"DiffusionBValue": 1000.0, "DiffusionGradientOrientation": [1, 0, 0]},
        {"DiffusionBValue": 1000.0, "DiffusionGradientOrientation": [half, half, 0]},
    )

    description = (await client.get(f"{VOLUME}?along=auto&accept=application/json")).json()

    assert description["along"]["attributes"] == ["DiffusionBValue", "DiffusionGradientOrientation"]
    assert description["fsl"]["bval"] == [0, 1000, 1000]
    directions = {-1.0: [-1, 0, 0], -half: [-half, half, 0]}
    for column in np.array(description["fsl"]["bvec"]).T[1:]:
        np.testing.assert_allclose(column, directions[min(directions, key=lambda x: abs(x - column[0]))])


def _siemens(b_value: float, direction: list[float] | None, vr: bool) -> Dataset:
    """Return private attributes as a scanner writes them, or as an archive that does not know their VRs."""
    written = Dataset()
    block = written.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    block.add_new(0x0C, *(("IS", f"{b_value:g}") if vr else ("UN", f"{b_value:g} ".encode())))
    if direction:
        block.add_new(0x0E, *(("FD", direction) if vr else ("UN", struct.pack("<3d", *direction))))
    return written


def _philips(b_value: float, direction: list[float] | None, vr: bool) -> Dataset:
    """Return what `_siemens` does, of Philips, which writes directions of 0 where there are none."""
    written = Dataset()
    packed = [(value if vr else struct.pack("<f", value)) for value in (b_value, *(direction or [0, 0, 0]))]
    of_b_value, *of_direction = [("FL" if vr else "UN", value) for value in packed]
    written.private_block(0x2001, "Philips Imaging DD 001", create=True).add_new(0x03, *of_b_value)
    block = written.private_block(0x2005, "Philips MR Imaging DD 001", create=True)
    for axis, (kind, value) in enumerate(of_direction):
        block.add_new(0xB0 + axis, kind, value)
    return written


@pytest.mark.parametrize("vr", [True, False], ids=["", "of unknown VR"])
@pytest.mark.parametrize("private", [_siemens, _philips])
async def test_gradients_are_those_of_private_attributes_where_the_standard_has_none(
    client: httpx.AsyncClient, private: Callable[[float, list[float] | None, bool], Dataset], vr: bool
) -> None:
    """Compared with dcm2niix, which reads the same of them."""
    gradients: list[tuple[float, list[float] | None]] = [(0, None), (800, [0.6, 0.8, 0]), (1000, [0, 0, 1])]
    for number, (b_value, direction) in enumerate(gradients):
        data_set = ct_slice(number + 1, STORED[number, 0], Modality="MR", ImagePositionPatient=[0, 0, 0])
        data_set.update(private(b_value, direction, vr))
        await store(client, data_set)

    description = (await client.get(f"{VOLUME}?along=auto&accept=application/json")).json()
    one = await client.get(f"{VOLUME}?DiffusionBValue=800")

    assert description["along"]["attributes"] == ["DiffusionBValue"]
    assert description["fsl"]["bval"] == [0, 800, 1000]
    directions = np.array([[0, -0.6, 0], [0, 0.8, 0], [0, 0, 1]])
    np.testing.assert_allclose(description["fsl"]["bvec"], directions, atol=1e-7)
    np.testing.assert_array_equal(np.load(BytesIO(one.content)), HU[1, :1])


async def test_a_zip_file_has_what_fsl_reads_beside_the_nifti(client: httpx.AsyncClient) -> None:
    direction = {"DiffusionGradientOrientation": [0, 1, 0]}
    await _store(client, {"DiffusionBValue": 0.0}, {"DiffusionBValue": 800.5} | direction)
    nifti = await client.get(f"{VOLUME}?along=auto&accept=application/x-nifti")

    response = await client.get(f"{VOLUME}?along=auto&accept=application/zip")

    assert response.headers["content-length"] == str(len(response.content))
    with ZipFile(BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        image, description, b_values, directions = (archive.read(name) for name in archive.namelist())
        assert [name.rpartition(".")[2] for name in archive.namelist()] == ["nii", "json", "bval", "bvec"]
    assert image == nifti.content
    assert orjson.loads(description)["shape"] == [2, 2, 6, 5]
    np.testing.assert_array_equal(np.loadtxt(BytesIO(b_values)), [0, 800.5])
    np.testing.assert_allclose(np.loadtxt(BytesIO(directions)), [[0, 0], [0, 1], [0, 0]])


async def test_a_zip_file_of_another_series_has_nifti_and_description(client: httpx.AsyncClient) -> None:
    await _store(client, {})

    response = await client.get(VOLUME, headers={"accept": "application/zip"})

    with ZipFile(BytesIO(response.content)) as archive:
        names = archive.namelist()
        image: Any = nibabel.Nifti1Image.from_bytes(archive.read(names[0]))
    assert [name.rpartition(".")[2] for name in names] == ["nii", "json"]
    np.testing.assert_array_equal(np.asarray(image.dataobj), HU[0].T)


async def test_gradients_that_are_not_known_are_not_told(client: httpx.AsyncClient) -> None:
    await _store(client, {"DiffusionBValue": 0.0}, {"DiffusionBValue": 1000.0})

    description = (await client.get(f"{VOLUME}?along=auto&accept=application/json")).json()

    assert description["along"]["values"] == [[0], [1000]]
    assert "fsl" not in description


async def test_the_axis_is_named_by_attributes(client: httpx.AsyncClient) -> None:
    await _store(client, {"EchoTime": 1}, {"EchoTime": 2})

    assert (await client.get(f"{VOLUME}?along=time")).status_code == 400
