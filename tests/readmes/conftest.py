"""A machine with no settings of ours, and a folder of images as the READMEs take one."""

import os
from io import BytesIO
from pathlib import Path

import pytest
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import UID


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DICOMWEB_"):
            monkeypatch.delenv(name)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A study of a scout and of two slices, in a folder whose name has to be quoted."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    first = Path(str(get_testdata_file("CT_small.dcm", download=False))).read_bytes()
    uid = dcmread(BytesIO(first)).SOPInstanceUID.encode()
    (folder / "1").write_bytes(first)
    second = first.replace(uid, uid[:-1] + b"9").replace(b"\\-75.699997", b"\\-70.699997")
    (folder / "2").write_bytes(second)
    _save_scout(first, folder / "0")
    return folder


def _save_scout(slice_file: bytes, path: Path) -> None:
    """Write an image of a series of its own, which comes before the other one in every search."""
    scout = dcmread(BytesIO(slice_file))
    scout.SeriesNumber = 0
    scout.SeriesInstanceUID = scout.SOPInstanceUID = scout.file_meta.MediaStorageSOPInstanceUID = UID(
        "2.25.17"
    )
    scout.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
    scout.save_as(path)
