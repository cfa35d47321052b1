from collections.abc import Callable
from typing import Any

import httpx
import numpy as np
import pytest

from tests.builders import (
    EXPLICIT,
    JPEG_2000,
    NATIVE_SYNTAXES,
    code_stream,
    ct_image,
    data_set,
    encapsulated,
    float_image,
    image,
    one_bit_image,
    part10,
)
from tests.web.messages import parts_of, store, url

OCTETS = "application/octet-stream"
OHIF = {"accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
SINGLE = {"accept": f"{OCTETS}; transfer-syntax=*"}
RLE, JPEG = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"

RAMP = np.arange(3 * 5 * 7, dtype=np.uint16).reshape(3, 5, 7) * 600
COLOUR = np.arange(3 * 4 * 6 * 3, dtype=np.uint8).reshape(3, 4, 6, 3)
BITS = np.random.default_rng(7).integers(0, 2, (3, 5, 7), np.uint8)
STREAMS = [code_stream(name) for name in (b"first", b"second one", b"third")]
BROKEN_STREAMS = [[stream[:6], stream[6:]] for stream in STREAMS]


def packed(bits: "np.ndarray[Any, Any]") -> bytes:
    return np.packbits(bits, bitorder="little").tobytes()


@pytest.fixture
def frames(dicomweb: httpx.Client, study: str) -> str:
    """The path of the frames of a stored image of three frames."""
    store(dicomweb, part10(image(RAMP, f"{study}.1.1")))
    return f"{url(f'{study}.1.1')}/frames"


@pytest.fixture
def compressed_frames(dicomweb: httpx.Client, study: str) -> str:
    """The path of the frames of a stored image of three frames in JPEG 2000."""
    store(dicomweb, part10(encapsulated([[stream] for stream in STREAMS], uid=f"{study}.2.1"), JPEG_2000))
    return f"{url(f'{study}.2.1')}/frames"


@pytest.mark.parametrize("transfer_syntax", NATIVE_SYNTAXES)
@pytest.mark.parametrize(
    ("build", "expected"),
    [
        pytest.param(lambda uid: image(RAMP, uid), [frame.tobytes() for frame in RAMP], id="gray"),
        pytest.param(lambda uid: image(COLOUR, uid), [frame.tobytes() for frame in COLOUR], id="RGB"),
        pytest.param(lambda uid: one_bit_image(BITS, uid), [packed(frame) for frame in BITS], id="1 bit"),
        pytest.param(
            lambda uid: float_image(RAMP.astype(np.float32) / 3, uid),
            [frame.tobytes() for frame in RAMP.astype(np.float32) / 3],
            id="float",
        ),
        pytest.param(
            lambda uid: float_image(RAMP.astype(np.float64) / 3, uid),
            [frame.tobytes() for frame in RAMP.astype(np.float64) / 3],
            id="double float",
        ),
    ],
)
def test_native_frames_are_their_bytes_in_little_endian(
    dicomweb: httpx.Client,
    study: str,
    transfer_syntax: str,
    build: Callable[[str], Any],
    expected: list[bytes],
) -> None:
    uid = f"{study}.1.1"
    store(dicomweb, part10(build(uid), transfer_syntax))

    response = dicomweb.get(f"{url(uid)}/frames/1,2,3", headers=OHIF)

    parts = parts_of(response)
    assert [part.content for part in parts] == expected
    assert {part.headers["content-type"] for part in parts} == {f"{OCTETS}; transfer-syntax={EXPLICIT}"}


@pytest.mark.parametrize(
    ("fragments", "table"),
    [
        pytest.param([[stream] for stream in STREAMS], "empty", id="empty offset table"),
        pytest.param([[stream] for stream in STREAMS], "basic", id="basic offset table"),
        pytest.param([[stream] for stream in STREAMS], "extended", id="extended offset table"),
        pytest.param(BROKEN_STREAMS, "basic", id="fragments with an offset table"),
        pytest.param(BROKEN_STREAMS, "empty", id="fragments without one"),
    ],
)
def test_encapsulated_frames_are_their_code_streams(
    dicomweb: httpx.Client, study: str, fragments: list[list[bytes]], table: str
) -> None:
    uid = f"{study}.1.1"
    store(dicomweb, part10(encapsulated(fragments, table, uid), JPEG_2000))

    response = dicomweb.get(f"{url(uid)}/frames/1,2,3", headers=OHIF)

    parts = parts_of(response)
    assert [part.content for part in parts] == STREAMS
    assert f'type="{OCTETS}"' in response.headers["content-type"]
    assert parts[0].headers["content-type"] == f"{OCTETS}; transfer-syntax={JPEG_2000}"


@pytest.mark.parametrize(
    ("transfer_syntax", "media_type"),
    [(JPEG_2000, "image/jp2"), (RLE, "image/dicom-rle"), (JPEG, "image/jpeg")],
)
def test_compressed_frames_have_a_media_type_of_their_own(
    dicomweb: httpx.Client, study: str, transfer_syntax: str, media_type: str
) -> None:
    uid = f"{study}.1.1"
    store(dicomweb, part10(encapsulated([[stream] for stream in STREAMS], uid=uid), transfer_syntax))

    response = dicomweb.get(
        f"{url(uid)}/frames/2", headers={"accept": f"{media_type}; transfer-syntax={transfer_syntax}"}
    )

    assert response.content == STREAMS[1]
    assert response.headers["content-type"] == f"{media_type}; transfer-syntax={transfer_syntax}"


@pytest.mark.parametrize(
    "accept",
    [
        "*/*",
        'multipart/related; type="*/*"',
        "multipart/related",
        'multipart/related; type="application/octet-stream"',
        'multipart/related; type="image/jls"; transfer-syntax=1.2.840.10008.1.2.4.80, '
        'multipart/related; type="image/jp2"; transfer-syntax=1.2.840.10008.1.2.4.90, '
        'multipart/related; type="application/octet-stream"; transfer-syntax=*',
    ],
)
def test_what_real_clients_accept_gets_a_native_frame(
    dicomweb: httpx.Client, frames: str, accept: str
) -> None:
    response = dicomweb.get(f"{frames}/2", headers={"accept": accept})

    assert [part.content for part in parts_of(response)] == [RAMP[1].tobytes()]


def test_parts_come_in_the_order_asked_for_and_say_which_frame_they_are(
    dicomweb: httpx.Client, frames: str
) -> None:
    parts = parts_of(dicomweb.get(f"{frames}/1,3", headers=OHIF))

    assert [part.content for part in parts] == [RAMP[0].tobytes(), RAMP[2].tobytes()]
    locations = [str(dicomweb.base_url.join(f"{frames}/{number}")) for number in (1, 3)]
    assert [part.headers["content-location"] for part in parts] == locations


def test_a_single_frame_can_be_a_single_part(dicomweb: httpx.Client, frames: str) -> None:
    response = dicomweb.get(f"{frames}/2", headers=SINGLE)

    assert response.content == RAMP[1].tobytes()
    assert response.headers["content-type"] == f"{OCTETS}; transfer-syntax={EXPLICIT}"
    assert response.headers["content-location"] == str(dicomweb.base_url.join(f"{frames}/2"))


def test_several_frames_cannot_be_a_single_part(dicomweb: httpx.Client, frames: str) -> None:
    assert dicomweb.get(f"{frames}/1,2", headers=SINGLE).status_code == 406


def test_jpeg_of_no_transfer_syntax_is_lossless(dicomweb: httpx.Client, frames: str) -> None:
    response = dicomweb.get(f"{frames}/1", headers={"accept": 'multipart/related; type="image/jpeg"'})

    [part] = parts_of(response)
    assert part.headers["content-type"] == "image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.70"


def test_what_cannot_be_made_is_not_acceptable(dicomweb: httpx.Client, frames: str) -> None:
    response = dicomweb.get(f"{frames}/1", headers={"accept": 'multipart/related; type="image/jxl"'})

    assert response.status_code == 406
    listed = response.json()["available"]
    assert f'multipart/related; type="{OCTETS}"; transfer-syntax={EXPLICIT}' in listed


@pytest.mark.parametrize(
    ("numbers", "status"),
    [
        ("4", 404),
        ("1,4", 404),
        ("999999999", 404),
        ("0", 400),
        ("-1", 400),
        ("1,,2", 400),
        ("one", 400),
        ("1.5", 400),
    ],
)
def test_a_frame_that_is_not_there_is_told_before_the_first_byte(
    dicomweb: httpx.Client, frames: str, compressed_frames: str, numbers: str, status: int
) -> None:
    for path in (frames, compressed_frames):
        response = dicomweb.get(f"{path}/{numbers}", headers=OHIF)

        assert response.status_code == status
        assert response.json()["message"]


def test_more_frame_numbers_than_anyone_needs_are_refused(dicomweb: httpx.Client, frames: str) -> None:
    response = dicomweb.get(f"{frames}/{','.join(['1'] * 10_001)}", headers=OHIF)

    assert response.status_code == 400


def test_an_instance_without_pixels_has_no_frames(dicomweb: httpx.Client, study: str) -> None:
    store(dicomweb, part10(data_set(f"{study}.1.1")))

    assert dicomweb.get(f"{url(f'{study}.1.1')}/frames/1", headers=OHIF).status_code == 404


def test_frames_of_an_instance_that_is_not_here_are_not_found(dicomweb: httpx.Client, study: str) -> None:
    assert dicomweb.get(f"{url(f'{study}.1.1')}/frames/1").status_code == 404


def test_pixels_that_are_fewer_than_described_leave_the_frames_that_are_whole(
    dicomweb: httpx.Client, study: str
) -> None:
    uid = f"{study}.1.1"
    store(dicomweb, part10(image(RAMP, uid, NumberOfFrames=500)))

    statuses = [
        dicomweb.get(f"{url(uid)}/frames/{number}", headers=SINGLE).status_code for number in (3, 4, 500)
    ]

    assert statuses == [200, 404, 404]


def test_a_description_of_giant_pixels_costs_nothing(dicomweb: httpx.Client, study: str) -> None:
    uid = f"{study}.1.1"
    giant = ct_image(uid, NumberOfFrames=2**31 - 1)
    giant.Rows = giant.Columns = 65535

    stored = store(dicomweb, part10(giant))

    assert stored.status_code in (200, 202)
    assert dicomweb.get(f"{url(uid)}/frames/1", headers=SINGLE).status_code == 404
