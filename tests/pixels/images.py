"""Small images: their pixels, their descriptions as DICOM JSON, and datasets reduced to these."""

import base64
from collections.abc import Sequence
from typing import Any

import numpy as np
import pydicom
from pydicom.data import get_testdata_file

from service.pixels.arrays import Values
from service.pixels.description import ATTRIBUTES, ImageDescription, describe

TAGS = {
    "samples": ("00280002", "US"),
    "photometric": ("00280004", "CS"),
    "planar": ("00280006", "US"),
    "rows": ("00280010", "US"),
    "columns": ("00280011", "US"),
    "allocated": ("00280100", "US"),
    "stored": ("00280101", "US"),
    "high": ("00280102", "US"),
    "signed": ("00280103", "US"),
    "padding": ("00280120", "SS"),
    "padding_limit": ("00280121", "SS"),
    "center": ("00281050", "DS"),
    "width": ("00281051", "DS"),
    "function": ("00281056", "CS"),
    "intercept": ("00281052", "DS"),
    "slope": ("00281053", "DS"),
    "modality_lut": ("00283000", "SQ"),
    "voi_lut": ("00283010", "SQ"),
    "shared": ("52009229", "SQ"),
    "per_frame": ("52009230", "SQ"),
    "pixel_value_transformation": ("00289145", "SQ"),
    "frame_voi_lut": ("00289132", "SQ"),
    "dose_grid_scaling": ("3004000E", "DS"),
    "segmentation_type": ("00620001", "CS"),
    "maximum_fractional_value": ("0062000E", "US"),
}


def element(name: str, value: Any) -> tuple[str, dict[str, Any]]:
    tag, vr = TAGS[name]
    return tag, {"vr": vr, "Value": value if isinstance(value, list) else [value]}


def attributes(**values: Any) -> dict[str, Any]:
    """Return DICOM JSON of the attributes named as in TAGS."""
    return dict(element(name, value) for name, value in values.items())


def image(**values: Any) -> dict[str, Any]:
    """Return DICOM JSON of an image, MONOCHROME2 of 16 bits unless stated otherwise."""
    usual = {
        "samples": 1,
        "photometric": "MONOCHROME2",
        "rows": 2,
        "columns": 2,
        "allocated": 16,
        "signed": 0,
    }
    choices = {"stored": values.get("allocated", 16), **usual, **values}
    return attributes(**{name: value for name, value in choices.items() if value is not None})


def described(sop_class_uid: str = "", /, **values: Any) -> ImageDescription:
    return describe(image(**values), sop_class_uid=sop_class_uid)


def lut(descriptor: Sequence[int], entries: Sequence[int], word: str = "<u2") -> dict[str, Any]:
    """Return the item of a Modality LUT or VOI LUT Sequence with its entries inline."""
    size = int(word[-1])
    data = b"".join(entry.to_bytes(size, "little") for entry in entries)
    return {
        "00283002": {"vr": "US", "Value": list(descriptor)},
        "00283006": {"vr": "OW", "InlineBinary": base64.b64encode(data).decode()},
    }


def selected(dataset: pydicom.Dataset) -> dict[str, Any]:
    """Return the attributes of a real dataset that rendering needs."""
    elements = {f"{int(element.tag):08X}": element for element in dataset}
    return {tag: element.to_json_dict(None, 0) for tag, element in elements.items() if tag in ATTRIBUTES}


def packaged(name: str) -> pydicom.Dataset:
    """Return one of the datasets that come with pydicom."""
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    return pydicom.dcmread(path)


def gray(rows: int, columns: int, kind: str = "u2") -> Values:
    """Return a ramp of up to 200 grays."""
    return (np.arange(rows * columns) % 200).reshape(rows, columns).astype(kind)


def colour(rows: int, columns: int) -> Values:
    """Return such a ramp with the same value in each of its colours."""
    return np.stack([gray(rows, columns, "u1")] * 3, axis=-1)
