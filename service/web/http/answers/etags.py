"""Entity tags: strong, made of what determines every byte of an answer, and compared before any work.

The same answer sent with gzip is another representation and has a tag of its own, which differs by its
ending, so that either is recognised when it comes back in If-None-Match (RFC 9110 8.8.3, 13.1.2).
"""

from hashlib import sha256

from service.web.http.requests import header_fields

_GZIP_ENDING = '-gzip"'


def etag_of(*determinants: str | bytes | int) -> str:
    """Return the strong tag, quotes included, of an answer determined by these values in this order."""
    texts = [value if isinstance(value, bytes) else str(value).encode() for value in determinants]
    digest = sha256(b"".join([b"%d:%b" % (len(text), text) for text in texts]))
    return f'"{digest.hexdigest()[:32]}"'


def gzipped(etag: str) -> str:
    """Return the tag of the same answer sent with gzip."""
    return etag.removesuffix('"') + _GZIP_ENDING


def held_tag(if_none_match: str, etag: str) -> str | None:
    """Return the tag of the current answer that the client holds already; None when it holds another."""
    if if_none_match.strip() == "*":
        return etag
    tags = {tag.removeprefix("W/") for tag in header_fields.split(if_none_match, ",")}
    return next((tag for tag in (etag, gzipped(etag)) if tag in tags), None)
