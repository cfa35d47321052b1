"""A volume as a Zarr store, version 3, with the metadata of OME-Zarr: its files and what is in them.

A chunk is a slice, so that nothing has to be known of any other to make it.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from service.pixels.numbers.geometry.volume import Volume

METADATA = ("zarr.json", "0/zarr.json")
"""The files of a store beside its chunks, by their keys: the group, and its array."""

_NUMBER = "(0|[1-9][0-9]{0,8})"
_CHUNK = re.compile(rf"0/c/(?:{_NUMBER}/)?{_NUMBER}/0/0", re.ASCII)
_SPACE = ("z", "y", "x")
_TIME, _CHANNEL = "t", "c"


def is_chunk(key: str) -> bool:
    """Tell whether a store may have a chunk under a key."""
    return _CHUNK.fullmatch(key) is not None


def slice_index(key: str, volume: Volume) -> int | None:
    """Return which slice of a volume is the chunk under a key, counted from 0; None if it has none there."""
    match = _CHUNK.fullmatch(key)
    if match is None or (match[1] is None) != (volume.along is None):
        return None
    numbers = [int(number) for number in match.groups() if number is not None]
    shape = volume.shape[:-2]
    if any(number >= length for number, length in zip(numbers, shape, strict=True)):
        return None
    return int(np.ravel_multi_index(numbers, shape))


def group_json(volume: Volume, kind: np.dtype[Any], name: str, attributes: Mapping[str, Any]) -> bytes:
    """Return the metadata of the store: an OME-Zarr image of one resolution.

    Args:
        volume: that is stored.
        kind: of its values.
        name: of the image.
        attributes: beside those of OME-Zarr, each by a name of ours.

    Standard: https://ngff.openmicroscopy.org/0.5/.
    """
    axes, scale, translation = _axes(volume)
    transformations = [
        {"type": "scale", "scale": scale},
        {"type": "translation", "translation": translation},
    ]
    image = {
        "name": name,
        "axes": axes,
        "datasets": [{"path": "0", "coordinateTransformations": transformations}],
    }
    group = {
        "zarr_format": 3,
        "node_type": "group",
        "attributes": {"ome": {"version": "0.5", "multiscales": [image]}, **attributes},
        "consolidated_metadata": {
            "kind": "inline",
            "must_understand": False,
            "metadata": {"0": _array(volume, kind)},
        },
    }
    return orjson.dumps(group)


def array_json(volume: Volume, kind: np.dtype[Any]) -> bytes:
    """Return the metadata of the store's array.

    Standard: https://zarr-specs.readthedocs.io/en/latest/v3/core/.
    """
    return orjson.dumps(_array(volume, kind))


def _array(volume: Volume, kind: np.dtype[Any]) -> dict[str, Any]:
    rows, columns = volume.shape[-2:]
    chunk_shape = [*(1 for _ in volume.shape[:-2]), rows, columns]
    codec: dict[str, Any] = {"name": "bytes"}
    if kind.itemsize > 1:
        codec["configuration"] = {"endian": "little"}
    return {
        "zarr_format": 3,
        "node_type": "array",
        "shape": volume.shape,
        "data_type": kind.name,
        "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": chunk_shape}},
        "chunk_key_encoding": {"name": "default", "configuration": {"separator": "/"}},
        "fill_value": 0.0 if kind.kind == "f" else 0,
        "codecs": [codec],
        "dimension_names": [axis["name"] for axis in _axes(volume)[0]],
        "attributes": {},
    }


def _axes(volume: Volume) -> tuple[list[dict[str, str]], list[float], list[float]]:
    """Return axes, their steps, and where the first voxel's center lies, in the order of the array.

    In DICOM's coordinates (LPS), which for an axial volume need no rotation.
    """
    axes = [{"name": name, "type": "space", "unit": "millimeter"} for name in _SPACE]
    scale = list(volume.spacing)
    right, front, head = volume.affine[:3, 3].tolist()
    translation = [head, 0.0 - front, 0.0 - right]
    if volume.along is None:
        return axes, scale, translation
    seconds = volume.along.step_seconds()
    if seconds:
        return (
            [{"name": _TIME, "type": "time", "unit": "second"}, *axes],
            [seconds, *scale],
            [0.0, *translation],
        )
    return [{"name": _CHANNEL, "type": "channel"}, *axes], [1.0, *scale], [0.0, *translation]
