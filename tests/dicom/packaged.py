"""The files that come with pydicom, and what pydicom reads in them."""

import warnings
from pathlib import Path

import pydicom
from pydicom.data import get_charset_files, get_testdata_file


def _folder() -> Path:
    file = get_testdata_file("CT_small.dcm", download=False)
    assert isinstance(file, str)
    return Path(file).parent


# What is cut short, or has neither a head nor a data set that can be recognised.
UNREADABLE = {"MR_truncated.dcm", "rtplan_truncated.dcm", "no_meta.dcm", "meta_missing_tsyntax.dcm"}
_DEFLATED = {"image_dfl.dcm"}

CHARSETS = sorted(Path(path) for path in get_charset_files("*.dcm"))
FILES = sorted(_folder().glob("*.dcm")) + CHARSETS
READABLE = [path for path in FILES if path.name not in UNREADABLE | _DEFLATED]


def raw(name: str) -> bytes:
    return (_folder() / name).read_bytes()


def reference(path: Path) -> pydicom.Dataset:
    """Return pydicom's reading of a file, its complaints unheard."""
    with warnings.catch_warnings(action="ignore"):
        instance = pydicom.dcmread(path, force=True)
        instance.walk(lambda *_: None)
    return instance
