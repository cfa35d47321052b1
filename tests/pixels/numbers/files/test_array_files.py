from io import BytesIO
from typing import Any

import nibabel
import numpy as np
import pytest

from service.errors import NotAcceptable
from service.pixels.numbers.files.array_files import nifti_head
from service.pixels.numbers.geometry.volume import Volume, volume_of
from service.pixels.numbers.quantities.modality import FLOAT32, INT16
from tests.pixels.slices import slice_at, stack

OBLIQUE = (0.8, 0.6, 0.0, -0.36, 0.48, 0.8)


def _opened(volume: Volume, kind: np.dtype[Any], values: bytes) -> Any:
    return nibabel.Nifti1Image.from_stream(BytesIO(nifti_head(volume, kind) + values))


@pytest.mark.parametrize("kind", [INT16, FLOAT32], ids=str)
def test_nibabel_reads_the_voxels_by_column_row_and_slice(kind: np.dtype[Any]) -> None:
    volume = volume_of(stack())
    values = np.arange(60).reshape(volume.shape).astype(kind)

    image = _opened(volume, kind, values.tobytes())

    assert image.get_data_dtype() == kind
    np.testing.assert_array_equal(np.asarray(image.dataobj), values.T)
    np.testing.assert_allclose(image.header.get_zooms(), [0.8, 0.5, 2.5])
    assert image.header.get_xyzt_units()[0] == "mm"


@pytest.mark.parametrize("orientation", [(1, 0, 0, 0, 1, 0), (0, 1, 0, 0, 0, -1), OBLIQUE])
def test_both_transforms_say_what_the_affine_says(orientation: tuple[float, ...]) -> None:
    normal = np.cross(orientation[:3], orientation[3:])
    volume = volume_of([slice_at(n, *(n * 3 * normal + 9), orientation=orientation) for n in range(4)])

    image = _opened(volume, INT16, bytes(96))

    np.testing.assert_allclose(image.affine, volume.affine, atol=1e-5)
    np.testing.assert_allclose(image.get_qform(), volume.affine, atol=1e-5)
    assert (image.header["sform_code"], image.header["qform_code"]) == (1, 1)


TILT = (1.0, 0.0, 0.0, 0.0, 0.966, -0.259)
ROUNDED = (0.97, 0.22, 0.12, -0.22, 0.97, 0.07)


@pytest.mark.parametrize(
    ("orientation", "step", "shear"),
    [
        pytest.param(TILT, (0, 0, 5.0), 0.3, id="a gantry tilted by 15 degrees"),
        pytest.param(ROUNDED, (-0.2, -0.18, 1.95), 0.02, id="directions of two digits"),
    ],
)
def test_a_sheared_volume_has_the_nearest_rotation_beside_its_exact_affine(
    orientation: tuple[float, ...], step: tuple[float, ...], shear: float
) -> None:
    slices = [slice_at(index, *np.multiply(index, step), orientation=orientation) for index in range(4)]
    volume = volume_of(slices)

    image = _opened(volume, INT16, bytes(96))

    assert (image.header["sform_code"], image.header["qform_code"]) == (1, 1)
    np.testing.assert_allclose(image.affine, volume.affine, atol=1e-5)
    zooms = image.header.get_zooms()
    rotation, axes = image.get_qform()[:3, :3] / zooms, volume.affine[:3, :3] / zooms
    np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-6)
    assert np.linalg.det(rotation) > 0
    assert np.abs(rotation - axes).max() < shear
    np.testing.assert_allclose(rotation.T @ axes, axes.T @ rotation, atol=1e-6)  # the polar factor


def test_a_side_that_the_format_has_no_number_for_is_refused() -> None:
    volume = volume_of([slice_at(1, 0, 0, 0, rows=40000)])

    with pytest.raises(NotAcceptable, match="40000"):
        nifti_head(volume, INT16)
