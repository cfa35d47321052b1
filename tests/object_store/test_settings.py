"""How an object store is named, and what is said of one that cannot be."""

import sys
from pathlib import Path

import pytest

from service.archive.files.objects.object_store import ObjectStore
from service.errors import DicomwebError
from tests.serving import run


@pytest.mark.parametrize("url", ["s3:/bucket", "s3://", "http://bucket/files", "bucket", "s3://bucket/a?b=c"])
def test_what_is_no_object_store_is_one_line_at_start(tmp_path: Path, url: str) -> None:
    ended = run(tmp_path, "migrate", DICOMWEB_BLOBS=url)

    assert ended.returncode == 2
    assert ended.stderr.startswith("DICOMWEB_BLOBS: must be s3://bucket/prefix")


def test_without_its_library_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)

    with pytest.raises(DicomwebError, match=r"pip install 'dicomweb-service\[objectstore\]'"):
        ObjectStore("s3://bucket")


def test_a_store_of_google_can_be_named() -> None:
    assert ObjectStore("gs://bucket/files/").url == "gs://bucket/files"
