"""Requests that store, and multipart answers taken apart: written without the service's own code."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx
import numpy as np
from imagecodecs import png_decode

from tests.builders import ct_image, part10

BOUNDARY = "a boundary of the tests"
MULTIPART = f'multipart/related; type="application/dicom"; boundary="{BOUNDARY}"'
DICOM = {"content-type": "application/dicom"}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer."""

    headers: httpx.Headers
    content: bytes


def message(files: Sequence[bytes]) -> bytes:
    """Return files as the body of a multipart message."""
    heads = f"--{BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
    return b"".join(heads + file + b"\r\n" for file in files) + f"--{BOUNDARY}--\r\n".encode()


def store(client: httpx.Client, *files: bytes, study: str = "") -> httpx.Response:
    """Send files in one multipart message."""
    path = f"studies/{study}" if study else "studies"
    return client.post(path, content=message(files), headers={"content-type": MULTIPART})


def parts_of(response: httpx.Response) -> list[Part]:
    """Take a multipart answer apart."""
    parameters = dict(part.strip().split("=", 1) for part in response.headers["content-type"].split(";")[1:])
    delimiter = b"\r\n--" + parameters["boundary"].strip('"').encode()
    before, *pieces, after = response.content.split(delimiter)
    assert (before, after) == (b"", b"--\r\n")
    return [_part(piece) for piece in pieces]


def _part(piece: bytes) -> Part:
    head, _, content = piece.partition(b"\r\n\r\n")
    lines = [line.split(b": ", 1) for line in head.split(b"\r\n") if line]
    return Part(httpx.Headers([(name, value) for name, value in lines]), content)


def reasons(response: httpx.Response, sequence: str) -> list[int]:
    """Return the Failure Reasons of a receipt's sequence."""
    return [item["00081197"]["Value"][0] for item in items(response, sequence)]


def items(response: httpx.Response, sequence: str) -> list[dict[str, Any]]:
    """Return the items of a receipt's sequence, which is left out when it has none."""
    values: list[dict[str, Any]] = response.json().get(sequence, {}).get("Value", [])
    return values


def url(uid: str) -> str:
    """Return the path of an instance given as study.series.instance."""
    study, series, _ = uid.split(".")
    return f"studies/{study}/series/{study}.{series}/instances/{uid}"


def ct(uid: str, **attributes: Any) -> bytes:
    """Return the file of a CT slice."""
    return part10(ct_image(uid, **attributes))


def fetch(client: httpx.Client, uid: str) -> httpx.Response:
    """Get an instance as a file, as it is stored."""
    return client.get(url(uid), headers={"accept": "application/dicom; transfer-syntax=*"})


def pixels(response: httpx.Response) -> "np.ndarray[Any, Any]":
    """Decode a PNG as integers, so that differences have signs."""
    assert response.headers["content-type"] == "image/png"
    decoded: np.ndarray[Any, Any] = png_decode(response.content).astype(int)
    return decoded
