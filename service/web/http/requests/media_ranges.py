"""The Accept field of a request → its media ranges. RFC 9110 12.5.1, PS3.18 8.7.

Reading is tolerant, because what real clients send is: tokens or quoted strings, several transfer-syntax
parameters in one range, the headers of two libraries joined by a comma.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from service.errors import BadRequest
from service.web.http.requests import header_fields

ANY = "*"
DICOM = "application/dicom"
MULTIPART = "multipart/related"

# Rendered media types, PS3.18 Table 8.7.4-1, and those of them that are media types of frames and videos too.
_RENDERED_ONLY = frozenset(
    ["image/gif", "image/png", "text/html", "text/plain", "text/xml", "text/rtf", "application/pdf"]
)
_RENDERED_TOO = frozenset(["image/jpeg", "image/jp2", "video/mpeg", "video/mp4", "video/h265"])

MAX_CHARACTERS = 8192  # of one Accept field that are read; a longer one is cut here
MAX_RANGES = 100  # of one Accept field that are weighed

# Names of drafts and earlier editions that requests still bear, PS3.18 8.7.3.3.2.
SYNONYMS = {
    "image/x-jls": "image/jls",
    "image/x-dicom-rle": "image/dicom-rle",
    "video/mpeg2": "video/mpeg",
}

_TYPE = re.compile(r"[^\s/=]+/[^\s/=]+")
_WEIGHT = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One element of Accept.

    Attributes:
        name: the media range itself, lower case.
        type: the `type` parameter, lower case; `*/*` where there is none.
        transfer_syntaxes: every `transfer-syntax` parameter; any of them will do.
        q: the quality, 0 ... 1; 0 says "not this".
    """

    name: str
    type: str
    transfer_syntaxes: frozenset[str]
    q: float


def parse_accept(header: str) -> tuple[MediaRange, ...]:
    """Return the media ranges of an Accept field; what is none is left out."""
    return _parse_accept(header[:MAX_CHARACTERS])


@lru_cache(maxsize=128)
def _parse_accept(header: str) -> tuple[MediaRange, ...]:
    elements = header_fields.split(header, ",")[:MAX_RANGES]
    return tuple(
        media_range for media_range in map(_media_range, elements) if _TYPE.fullmatch(media_range.name)
    )


def _media_range(element: str) -> MediaRange:
    name, pairs = header_fields.media_type(element)
    parameters = dict(reversed(pairs))
    inner = parameters.get("type", "*/*").lower()
    return MediaRange(
        name=SYNONYMS.get(name, name),
        type=SYNONYMS.get(inner, inner),
        transfer_syntaxes=frozenset(value for key, value in pairs if key == "transfer-syntax"),
        q=weight(parameters.get("q", "1")),
    )


def weight(q: str) -> float:
    """Return a `q` parameter as a number from 0 to 1; 1 for what is no number (PS3.18 8.7.7)."""
    return min(float(q), 1.0) if _WEIGHT.fullmatch(q) else 1.0


def check_kinds(field: str) -> None:
    """Return unless an Accept field names `application/dicom` and rendered media types: PS3.18 8.7.5.

    Types that are of both kinds, such as `image/jpeg`, are rendered alone and without a transfer syntax, and
    compressed frames in a message or with one.

    Raises:
        BadRequest: it does.
    """
    if mixture := _mixture(field[:MAX_CHARACTERS]):
        raise BadRequest(
            f"{mixture} is a rendered media type and {DICOM} is none: expected one of these kinds"
        )


@lru_cache(maxsize=128)
def _mixture(field: str) -> str:
    """Return the rendered media type that a field names beside `application/dicom`; none otherwise."""
    if DICOM not in field.lower():
        return ""
    ranges = [media_range for media_range in _parse_accept(field) if media_range.q]
    named = {
        media_range.type if media_range.name == MULTIPART else media_range.name for media_range in ranges
    }
    shown = (kind for kind in map(_rendered, ranges) if kind)
    return next(shown, "") if DICOM in named else ""


def _rendered(media_range: MediaRange) -> str:
    """Return the media type of a range if it is a rendered one, as far as the range can tell."""
    if media_range.name == MULTIPART:
        return media_range.type if media_range.type in _RENDERED_ONLY else ""
    is_rendered = media_range.name in _RENDERED_ONLY | _RENDERED_TOO and not media_range.transfer_syntaxes
    return media_range.name if is_rendered else ""
