"""Digests of files: BLAKE3, at a twentieth of what SHA-256 costs; files of earlier versions have SHA-256.

A digest is kept as a multihash: a code, the length, the bytes. One of SHA-256 is kept as its 32 bytes alone.
"""

from collections.abc import Iterable, Mapping
from hashlib import sha256

from blake3 import blake3

from service.dicom.encoding.elements import Buffer

_BLAKE3 = b"\x1e\x20"  # multihash: the code of BLAKE3, and 32 bytes
_SHA256_BYTES = 32
_NOTE, _EARLIER_NOTE = "blake3", "sha256"  # beside an object


class Hash:
    """A digest as bytes come, of the kind that new files have."""

    def __init__(self) -> None:
        self._hash = blake3()

    def update(self, content: Buffer | memoryview) -> None:
        """Take more bytes."""
        self._hash.update(content)

    def digest(self) -> bytes:
        """Return the digest of what has come."""
        return _BLAKE3 + self._hash.digest()


def digest_of(chunks: Iterable[bytes], like: bytes | None = None) -> bytes:
    """Return the digest of some bytes, of the kind of another one."""
    kind = sha256() if like is not None and is_of_earlier_version(like) else Hash()
    for chunk in chunks:
        kind.update(chunk)
    return kind.digest()


def earlier_digest_of(buffer: Buffer) -> bytes:
    """Return the digest that earlier versions gave these bytes."""
    return sha256(buffer).digest()


def is_of_earlier_version(digest: bytes) -> bool:
    """Tell whether a digest is the SHA-256 of a file."""
    return len(digest) == _SHA256_BYTES


def digits(digest: bytes) -> str:
    """Return the digits of a digest, which names of files begin with."""
    return digest[-_SHA256_BYTES:].hex()


def to_note(digest: bytes) -> dict[str, str]:
    """Return what is noted beside a new object of its digest."""
    return {_NOTE: digits(digest)}


def of_note(notes: Mapping[str, str]) -> bytes | None:
    """Return the digest that is noted beside an object; None if none is."""
    if _NOTE in notes:
        return _BLAKE3 + bytes.fromhex(notes[_NOTE])
    return bytes.fromhex(notes[_EARLIER_NOTE]) if _EARLIER_NOTE in notes else None
