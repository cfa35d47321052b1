from io import BytesIO
from typing import Any

import numpy as np
import pydicom
import pytest

from service.archive import Archive
from service.archive.files.reading.converted import ConvertedFile
from service.errors import InstanceNotFound
from service.scope import EVERYTHING
from tests.archive.intake import files, stored
from tests.builders import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, ct_image, float_image, image, part10

NEVER_SENT = pytest.mark.parametrize("syntax", [IMPLICIT, BIG_ENDIAN, DEFLATED])


def converted(archive: Archive, file: bytes) -> bytes:
    output = ConvertedFile(archive.blobs, stored(archive, "1.1.1", file))
    content = b"".join(output.chunks(0, output.size))
    assert len(content) == output.size
    return content


@NEVER_SENT
def test_a_converted_file_is_the_same_data_set_to_an_independent_reader(
    sqlite_archive: Archive, syntax: str
) -> None:
    original = ct_image("1.1.1", PatientWeight=70.5, FrameIncrementPointer=0x00181063, TimeRange=[1.5, 2.5])

    data_set = pydicom.dcmread(BytesIO(converted(sqlite_archive, part10(original, syntax))))

    assert data_set.file_meta.TransferSyntaxUID == EXPLICIT
    assert data_set.file_meta.MediaStorageSOPInstanceUID == "1.1.1"
    assert data_set.file_meta.MediaStorageSOPClassUID == original.SOPClassUID
    assert data_set == original


@NEVER_SENT
def test_the_stored_file_is_not_touched(sqlite_archive: Archive, syntax: str) -> None:
    file = part10(ct_image("1.1.1"), syntax)

    converted(sqlite_archive, file)

    assert files(sqlite_archive) == [file]
    assert list(sqlite_archive.blobs.incoming.iterdir()) == []


@NEVER_SENT
@pytest.mark.parametrize(("kind", "keyword"), [("f4", "FloatPixelData"), ("f8", "DoubleFloatPixelData")])
def test_floating_point_pixels_keep_their_values(
    sqlite_archive: Archive, syntax: str, kind: str, keyword: str
) -> None:
    pixels: np.ndarray[Any, Any] = np.linspace(-1, 1, 4 * 300 * 300).reshape(4, 300, 300).astype(kind)

    file = converted(sqlite_archive, part10(float_image(pixels, "1.1.1"), syntax))
    data_set = pydicom.dcmread(BytesIO(file))

    assert data_set[keyword].value == pixels.tobytes()


@NEVER_SENT
def test_a_file_of_many_chunks_is_converted_as_one(sqlite_archive: Archive, syntax: str) -> None:
    pixels = np.arange(1500 * 1000, dtype=np.uint16).reshape(1500, 1000)

    data_set = pydicom.dcmread(BytesIO(converted(sqlite_archive, part10(image(pixels, "1.1.1"), syntax))))

    assert data_set.PixelData == pixels.tobytes()


@NEVER_SENT
def test_a_file_too_long_to_be_remembered_is_converted_again_when_it_is_read(
    sqlite_archive: Archive, syntax: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = ct_image("1.1.1", TextValue="a comment " * 9000)
    remembered = converted(sqlite_archive, part10(original, syntax))
    monkeypatch.setattr("service.archive.files.reading.converted._REMEMBERED_BYTES", 10)

    assert converted(sqlite_archive, part10(original, syntax)) == remembered


@NEVER_SENT
def test_runs_of_the_converted_file_fit_together(sqlite_archive: Archive, syntax: str) -> None:
    file = ConvertedFile(
        sqlite_archive.blobs, stored(sqlite_archive, "1.1.1", part10(ct_image("1.1.1"), syntax))
    )
    whole = b"".join(file.chunks(0, file.size))

    runs = [b"".join(file.chunks(start, min(77, file.size - start))) for start in range(0, file.size, 77)]

    assert b"".join(runs) == whole


async def test_an_instance_deleted_meanwhile_is_not_found(sqlite_archive: Archive) -> None:
    instance = stored(sqlite_archive, "1.1.1", part10(ct_image("1.1.1"), IMPLICIT))
    file = ConvertedFile(sqlite_archive.blobs, instance)
    await sqlite_archive.delete(EVERYTHING, "1", None, None)

    with pytest.raises(InstanceNotFound):
        next(file.chunks(0, file.size))
    with pytest.raises(InstanceNotFound):
        ConvertedFile(sqlite_archive.blobs, instance)
