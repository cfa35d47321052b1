"""Files of many kinds in one study, and all that can be asked of them."""

from collections.abc import Iterator
from typing import NamedTuple

import httpx
import numpy as np
from pydicom.uid import CTImageStorage

from tests.builders import (
    BIG_ENDIAN,
    DEFLATED,
    EXPLICIT,
    JPEG_2000,
    ct_image,
    data_set,
    image,
    part10,
)
from tests.web.messages import url

_STACK = np.random.default_rng(1).integers(0, 4096, (5, 256, 256), np.uint16)
_CINE = np.random.default_rng(2).integers(
    0, 4096, (20, 720, 720), np.uint16
)  # 20 MB: in pieces, where it is cached


def _slice(number: int) -> bytes:
    return part10(
        image(
            _STACK[number],
            f"1.1.{number}",
            SOPClassUID=CTImageStorage,
            Modality="CT",
            SeriesNumber=1,
            InstanceNumber=number,
            ImagePositionPatient=[0, 0, 2.5 * number],
            ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
            PixelSpacing=[0.5, 0.5],
            RescaleSlope=1,
            RescaleIntercept=-1024,
        )
    )


FILES = {f"1.1.{number}": _slice(number) for number in range(5)} | {
    "1.2.1": part10(image(_CINE, "1.2.1", SeriesNumber=2)),
    "1.3.1": part10(ct_image("1.3.1", SeriesNumber=3), BIG_ENDIAN),
    "1.3.2": part10(ct_image("1.3.2", SeriesNumber=3, InstanceNumber=2), DEFLATED),
    "1.4.1": part10(data_set("1.4.1", Modality="SR", SeriesNumber=4, TextValue="long " * 5000)),
}


class Question(NamedTuple):
    """A request.

    Attributes:
        path: below the base URL.
        headers: of the request.
    """

    path: str
    headers: dict[str, str]


def _asked(path: str, accept: str = "*/*", **headers: str) -> Question:
    return Question(path, {"accept": accept, **headers})


def _questions() -> Iterator[Question]:
    stored, multipart = "application/dicom; transfer-syntax=*", 'multipart/related; type="application/dicom"'
    for uid in FILES:
        yield _asked(url(uid), stored)
        yield _asked(url(uid), stored, range="bytes=100-40000")
        yield _asked(f"{url(uid)}/metadata")
    for uid in ("1.1.3", "1.3.1", "1.3.2"):
        yield _asked(url(uid), f"application/dicom; transfer-syntax={EXPLICIT}")
        yield _asked(f"{url(uid)}/frames/1")
        yield _asked(f"{url(uid)}/rendered")
        yield _asked(f"{url(uid)}/pixels")
        yield _asked(f"{url(uid)}/bulkdata")
    yield _asked(url("1.1.2"), f"application/dicom; transfer-syntax={JPEG_2000}")
    yield _asked(url("1.2.1"), stored, range="bytes=4190000-4200000")
    yield _asked(f"{url('1.2.1')}/frames/1,5,20")
    yield _asked(f"{url('1.2.1')}/frames/9/rendered", "image/jpeg")
    yield _asked(f"{url('1.2.1')}/bulkdata/7FE00010", "application/octet-stream", range="bytes=-5000")
    for path in ("studies/1", "studies/1/series/1.1"):
        yield _asked(path, f"{multipart}; transfer-syntax=*")
        yield _asked(path, f"{multipart}; transfer-syntax={EXPLICIT}")
        yield _asked(f"{path}?accept=application/zip&dicomdir=true")
        yield _asked(f"{path}/metadata")
        yield _asked(f"{path}/pixeldata")
    yield _asked("studies/1/series/1.1/volume")
    yield _asked("studies/1/series/1.1/statistics")
    yield _asked("instances?StudyInstanceUID=1")


QUESTIONS = list(_questions())


def answers(client: httpx.Client) -> list[tuple[Question, int, bytes]]:
    """Return what is answered to every question: its status and its bytes."""
    return [
        (question, answer.status_code, answer.content)
        for question in QUESTIONS
        for answer in [client.get(question.path, headers=question.headers)]
    ]
