"""One attribute of every value representation, and what DICOM JSON says of each: PS3.18 F.2.3."""

from base64 import b64encode
from typing import Any

import numpy as np
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.valuerep import DSfloat

from tests.builders import data_set

VALUES: dict[str, tuple[Any, list[Any]]] = {
    "AE": (["STORE", "ECHO"], ["STORE", "ECHO"]),
    "AS": ("045Y", ["045Y"]),
    "AT": ([0x0028000A, 0x7FE00010], ["0028000A", "7FE00010"]),
    "CS": (["ORIGINAL", "", "AXIAL"], ["ORIGINAL", None, "AXIAL"]),
    "DA": ("20240131", ["20240131"]),
    "DS": ([DSfloat("0.50"), DSfloat("-2")], [0.5, -2]),
    "DT": ("20240131101112.5+0100", ["20240131101112.5+0100"]),
    "FD": ([1.5, 1e300], [1.5, 1e300]),
    "FL": ([0.5, -2.25], [0.5, -2.25]),
    "IS": ([7, -8], [7, -8]),
    "LO": ("Universität", ["Universität"]),
    "LT": ("a\\b", ["a\\b"]),
    "PN": ("Müller^Jürgen=山田", [{"Alphabetic": "Müller^Jürgen", "Ideographic": "山田"}]),
    "SH": ("A1", ["A1"]),
    "SL": ([-(2**31), 5], [-(2**31), 5]),
    "SS": ([-(2**15), 5], [-(2**15), 5]),
    "ST": ("a\\b", ["a\\b"]),
    "SV": ([-(2**60), 5], [str(-(2**60)), 5]),
    "TM": ("101112.25", ["101112.25"]),
    "UC": (["one", "two"], ["one", "two"]),
    "UI": (["1.2.3", "1.2.4"], ["1.2.3", "1.2.4"]),
    "UL": ([2**32 - 1, 0], [2**32 - 1, 0]),
    "UR": ("http://a/b", ["http://a/b"]),
    "US": ([2**16 - 1, 0], [2**16 - 1, 0]),
    "UT": ("text", ["text"]),
    "UV": ([2**60, 5], [str(2**60), 5]),
}

BINARY = {
    "OB": b"\1\2\3\4",
    "OD": np.array([1.5, -2]).tobytes(),
    "OF": np.array([1.5, -2], "<f4").tobytes(),
    "OL": np.array([1, 2**20], "<u4").tobytes(),
    "OV": np.array([1, 2**40], "<u8").tobytes(),
    "OW": np.array([1, 2**10], "<u2").tobytes(),
    "UN": b"\1\2\3\4",
}


def every_vr() -> Dataset:
    """Return a data set with an attribute of every VR: Selector AE Value (0072,005E) and those beside it."""
    code = data_set("1.2.3")
    instance = data_set(SpecificCharacterSet="ISO_IR 192", SelectorCodeSequenceValue=[code, Dataset()])
    for vr, (value, _) in VALUES.items():
        setattr(instance, f"Selector{vr}Value", value)
    for vr, raw in BINARY.items():
        setattr(instance, f"Selector{vr}Value", raw)
    return instance


def json_of_every_vr() -> dict[str, Any]:
    """Return the same as DICOM JSON, by tag, without the sequence."""
    texts = {_tag(vr): {"vr": vr, "Value": expected} for vr, (_, expected) in VALUES.items()}
    binary = {_tag(vr): {"vr": vr, "InlineBinary": b64encode(raw).decode()} for vr, raw in BINARY.items()}
    return texts | binary


def _tag(vr: str) -> str:
    return f"{tag_for_keyword(f'Selector{vr}Value'):08X}"
