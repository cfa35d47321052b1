"""Requests as bytes, made before the clock starts: what is asked, and how a server gets it."""

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.bench.phantoms import File

JSON = "application/dicom+json"
FILES = 'multipart/related; type="application/dicom"; transfer-syntax=*'
FRAMES = 'multipart/related; type="application/octet-stream"; transfer-syntax=*'
JPEG = "image/jpeg"

_BOUNDARY = "benchmark0123456789"
_MESSAGE = f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}'
_PART = f"--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode()
_END = f"--{_BOUNDARY}--\r\n".encode()


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, whichever server gets it.

    Attributes:
        path: below the base URL.
        headers: further ones.
        method: of HTTP.
        body: in pieces.
    """

    path: str
    headers: tuple[tuple[str, str], ...] = ()
    method: str = "GET"
    body: File = ()

    def on_wire(self, base: str) -> File:
        """Return what is sent to the server with this base URL, in pieces."""
        url = urlsplit(base)
        lines = [f"{self.method} {url.path}{self.path} HTTP/1.1", f"Host: {url.netloc}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append(f"Content-Length: {sum(map(len, self.body))}")
        return ("\r\n".join([*lines, "", ""]).encode(), *self.body)


def get(path: str, accept: str) -> Asked:
    """Return a GET of what a path names."""
    return Asked(path, (("Accept", accept),))


def store(files: Sequence[File]) -> Asked:
    """Return a store of these files in one multipart message."""
    body: list[bytes] = []
    for file in files:
        body += (_PART, *file, b"\r\n")
    return Asked("/studies", (("Content-Type", _MESSAGE), ("Accept", JSON)), "POST", (*body, _END))


def delete(path: str) -> Asked:
    """Return a DELETE of what a path names."""
    return Asked(path, method="DELETE")
