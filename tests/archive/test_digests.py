"""Digests of files, of new ones and of those that earlier versions stored."""

from hashlib import sha256

from blake3 import blake3

from service.archive.digests import digest_of, digits, of_note, to_note

CHUNKS = [b"one", b"", b"two" * 100_000]
WHOLE = b"".join(CHUNKS)
EARLIER = sha256(WHOLE).digest()


def test_a_digest_is_a_multihash_of_blake3() -> None:
    assert digest_of(CHUNKS).hex() == "1e20" + blake3(WHOLE).hexdigest()


def test_bytes_are_compared_with_a_digest_of_its_own_kind() -> None:
    assert digest_of(CHUNKS, digest_of([b"other"])) == digest_of([WHOLE])
    assert digest_of(CHUNKS, sha256(b"other").digest()) == EARLIER


def test_names_begin_with_digits_of_the_content_alone() -> None:
    assert digits(digest_of(CHUNKS)) == blake3(WHOLE).hexdigest()
    assert digits(EARLIER) == sha256(WHOLE).hexdigest()


def test_what_is_noted_beside_an_object_is_read_again() -> None:
    assert of_note(to_note(digest_of(CHUNKS))) == digest_of(CHUNKS)
    assert of_note({"sha256": EARLIER.hex()}) == EARLIER
    assert of_note({"Content-Type": "application/dicom"}) is None
