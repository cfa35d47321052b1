"""The data sets for PyTorch and MONAI in the README, with NumPy in the place of both."""

import os
import sys
from collections.abc import Callable, Sequence
from functools import reduce
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest

from service.pixels.arrays import Values
from service.testing import DicomwebServer
from tests.readmes.test_walk import ORIGIN, blocks, origin_of

Transform = Callable[[Any], Any]


class MetaTensor(NamedTuple):
    """Voxels with the affine of their place, as MONAI has them."""

    voxels: Values
    affine: Values


def compose(transforms: Sequence[Transform]) -> Transform:
    return lambda item: reduce(lambda value, transform: transform(value), transforms, item)


TORCH = SimpleNamespace(from_numpy=np.asarray, utils=SimpleNamespace(data=SimpleNamespace(Dataset=object)))
MONAI = SimpleNamespace(
    data=SimpleNamespace(
        MetaTensor=MetaTensor, CacheDataset=lambda data, transform: [transform(item) for item in data]
    ),
    transforms=SimpleNamespace(Compose=compose, Spacing=lambda **_: lambda volume: volume),
)


def test_slices_and_volumes_come_as_tensors_with_their_place(
    dicomweb_server: DicomwebServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert dicomweb_server.load(folder) == {}
    monkeypatch.setitem(sys.modules, "torch", TORCH)
    monkeypatch.setitem(sys.modules, "monai", MONAI)
    names: dict[str, Any] = {}

    for block in blocks("openapi/README.md", "python"):
        exec(block.replace(ORIGIN, origin_of(dicomweb_server)), names)  # noqa: S102 (of our README)

    slices, (scout, volume) = names["slices"], names["volumes"]
    tensors = [slices[number] for number in range(len(slices))]
    assert [_forked(slices) for _ in range(2)] == [0, 0]
    names["client"](os.getpid()).close()
    assert [(tensor.shape, tensor.dtype.name) for tensor in tensors] == [((1, 128, 128), "float32")] * 3
    assert (scout.voxels.shape, volume.voxels.shape) == ((1, 128, 128, 1), (1, 128, 128, 2))
    np.testing.assert_array_equal(volume.voxels[0, :, :, 0].T, tensors[1][0])
    np.testing.assert_allclose(volume.affine[:3, 3], [158.135803, 179.035797, -75.699997])


def _forked(slices: Sequence[Any]) -> int:
    """Return the exit code of a worker process that reads slices while this process does, too."""
    if not (worker := os.fork()):
        try:
            assert [len(slices[number]) for number in [0, 1, 2] * 20] == [1] * 60
            os._exit(0)
        finally:
            os._exit(1)
    assert [len(slices[number]) for number in [0, 1, 2] * 20] == [1] * 60
    return os.waitstatus_to_exitcode(os.waitpid(worker, 0)[1])
