import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
import pydicom
import pytest
from pydicom.encaps import encapsulate

from service.archive import Archive, open_archive
from service.archive.instance import Located
from service.archive.tasks.upkeep import import_files
from service.dicom.instance import Uids
from service.errors import FrameNotFound, NotRenderable, UndecodableFrame
from service.imaging.decoder import Decoder
from service.pixels.workers.pool import PixelWorkers
from service.scope import EVERYTHING
from service.threads import Threads
from tests.pixels.images import packaged

JPEG_LS, MPEG2 = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.100"
FRAME_BYTES = 128 * 128 * 2


@pytest.fixture
async def archive(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Archive]:
    archive = open_archive(sqlite_url, tmp_path, replace=False)
    yield archive
    archive.close()


@pytest.fixture
async def decoder(archive: Archive) -> AsyncIterator[Decoder]:
    decoder = Decoder(archive.blobs, PixelWorkers(1, seconds=30), Threads(1), 2 * FRAME_BYTES)
    yield decoder
    decoder.close()


async def stored(archive: Archive, folder: Path, dataset: pydicom.Dataset) -> Located:
    """Store a dataset and return where it lies."""
    content = io.BytesIO()
    dataset.save_as(content)
    (folder / "incoming.dcm").write_bytes(content.getvalue())
    list(import_files(archive, [folder / "incoming.dcm"]))
    return await archive.recent.find(
        EVERYTHING, Uids(dataset.StudyInstanceUID, dataset.SeriesInstanceUID, dataset.SOPInstanceUID)
    )


def compressed(*frames: bytes, syntax: str = JPEG_LS) -> pydicom.Dataset:
    """Return the CT with these frames in place of its own."""
    dataset = packaged("CT_small.dcm")
    dataset.file_meta.TransferSyntaxUID = pydicom.uid.UID(syntax)
    dataset.NumberOfFrames = len(frames)
    dataset.PixelData = encapsulate(list(frames))
    dataset["PixelData"].VR = "OB"
    return dataset


def ct_frames(number: int) -> list[Any]:
    return [packaged("CT_small.dcm").pixel_array + index for index in range(number)]


def jpeg_ls(values: Any) -> bytes:
    return bytes(imagecodecs.jpegls_encode(values.view(np.uint16)))


@pytest.mark.parametrize("is_compressed", [False, True])
async def test_a_frame_larger_than_the_limit_is_refused_before_it_is_read(
    archive: Archive, decoder: Decoder, tmp_path: Path, is_compressed: bool
) -> None:
    frame = jpeg_ls(ct_frames(1)[0])
    located = await stored(
        archive, tmp_path, compressed(frame) if is_compressed else packaged("CT_small.dcm")
    )
    decoder.max_frame_bytes = FRAME_BYTES - 1

    with pytest.raises(
        UndecodableFrame, match=f"would have {FRAME_BYTES} bytes: expected up to {FRAME_BYTES - 1}"
    ):
        await decoder.decode(located, 1)


async def test_a_native_frame_is_decoded(archive: Archive, decoder: Decoder, tmp_path: Path) -> None:
    located = await stored(archive, tmp_path, packaged("CT_small.dcm"))

    frame = await decoder.decode(located, 1)

    np.testing.assert_array_equal(frame.values, ct_frames(1)[0])


async def test_each_compressed_frame_is_decoded_from_its_own_bytes(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    first, second = ct_frames(2)
    located = await stored(archive, tmp_path, compressed(jpeg_ls(first), b"\xff\xd8broken", jpeg_ls(second)))

    frame = await decoder.decode(located, 3)

    np.testing.assert_array_equal(frame.values, second)
    with pytest.raises(UndecodableFrame, match="no frame header"):
        await decoder.decode(located, 2)


async def test_a_frame_that_was_decoded_is_kept(archive: Archive, decoder: Decoder, tmp_path: Path) -> None:
    located = await stored(archive, tmp_path, compressed(*map(jpeg_ls, ct_frames(2))))

    assert await decoder.decode(located, 1) is await decoder.decode(located, 1)


async def test_no_more_is_kept_than_there_is_room_for(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    located = await stored(archive, tmp_path, compressed(*map(jpeg_ls, ct_frames(3))))

    first, second, third = [await decoder.decode(located, number) for number in (1, 2, 3)]

    assert await decoder.decode(located, 3) is third
    assert await decoder.decode(located, 2) is second
    assert await decoder.decode(located, 1) is not first


async def test_a_frame_asked_for_twice_at_once_is_decoded_once(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    located = await stored(archive, tmp_path, compressed(*map(jpeg_ls, ct_frames(1))))

    first, second = await asyncio.gather(decoder.decode(located, 1), decoder.decode(located, 1))

    assert first is second


async def test_who_goes_away_leaves_the_frame_to_those_who_wait(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    located = await stored(archive, tmp_path, compressed(*map(jpeg_ls, ct_frames(1))))
    leaves, waits = (asyncio.create_task(decoder.decode(located, 1)) for _ in range(2))
    await asyncio.sleep(0)

    leaves.cancel()

    assert (await waits).values.shape == (128, 128)


@pytest.mark.parametrize("is_compressed", [True, False])
async def test_work_gets_the_frame_and_its_description(
    archive: Archive, decoder: Decoder, tmp_path: Path, *, is_compressed: bool
) -> None:
    dataset = compressed(*map(jpeg_ls, ct_frames(1))) if is_compressed else packaged("CT_small.dcm")
    located = await stored(archive, tmp_path, dataset)

    lowest = await decoder.apply(
        located, 1, lambda frame, description: description.modality.modality(frame.values).min()
    )

    assert lowest == ct_frames(1)[0].min() - 1024


@pytest.mark.parametrize("number", [0, 2])
async def test_a_frame_that_is_not_there_is_not_found(
    archive: Archive, decoder: Decoder, tmp_path: Path, number: int
) -> None:
    located = await stored(archive, tmp_path, packaged("CT_small.dcm"))

    with pytest.raises(FrameNotFound, match=f"no frame {number}: the instance has 1"):
        await decoder.decode(located, number)


async def test_an_instance_without_pixels_has_no_frames(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    dataset = packaged("CT_small.dcm")
    del dataset.PixelData
    located = await stored(archive, tmp_path, dataset)

    with pytest.raises(FrameNotFound):
        await decoder.decode(located, 1)


async def test_a_transfer_syntax_without_decoder_is_named(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    located = await stored(archive, tmp_path, compressed(b"\0\0\1\xba", syntax=MPEG2))

    with pytest.raises(UndecodableFrame, match=rf"{MPEG2} are not decoded here"):
        await decoder.decode(located, 1)


async def test_pixels_that_are_not_described_cannot_be_decoded(
    archive: Archive, decoder: Decoder, tmp_path: Path
) -> None:
    dataset = compressed(*map(jpeg_ls, ct_frames(1)))
    del dataset.Rows
    located = await stored(archive, tmp_path, dataset)

    with pytest.raises(NotRenderable, match="Rows is missing"):
        await decoder.decode(located, 1)
