"""Content negotiation: what the client accepts + what can be offered → the one representation.

PS3.18 8.7 on top of RFC 9110 12.5.1. Two things make DICOM's negotiation its own: the ranges that matter
name their type inside `multipart/related; type="..."`, and every type has transfer syntaxes.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from service.errors import NotAcceptable, shorten
from service.transfer_syntaxes import EXPLICIT_VR_LITTLE_ENDIAN, OCTET_STREAM
from service.web.http.requests.media_ranges import (
    ANY,
    DICOM,
    MULTIPART,
    MediaRange,
    check_kinds,
    parse_accept,
)

# What a range means that names one of these types, or none, and no transfer syntax, PS3.18 Tables 8.7.3-2
# and -4. The compressed types have defaults too, but what is stored in another one of the same type answers
# as well.
DEFAULT_SYNTAXES = {
    DICOM: EXPLICIT_VR_LITTLE_ENDIAN,
    OCTET_STREAM: EXPLICIT_VR_LITTLE_ENDIAN,
}

_SPACE_FOR_PLUS = re.compile(r"(?<=\w) (?=\w)")

_BY_NAME, _BY_MAJOR_TYPE, _BY_ANY_TYPE, _BY_MULTIPART, _BY_ANYTHING, _NOT = 5, 4, 3, 2, 1, 0


@dataclass(frozen=True, slots=True)
class Offer:
    """One representation that can be made.

    Attributes:
        media_type: of the single body, or of each part.
        transfer_syntax: its UID; `*` for parts that each come as they are stored; None where there is none.
        multipart: the representation is a multipart/related message of such parts.
        without_parameter: answers a range of its type that names no transfer syntax, although it is not
            the default: for what cannot be decoded (PS3.18 8.7.3.4).
        only_by_name: answers no range but one that names its transfer syntax: for what loses values.
    """

    media_type: str
    transfer_syntax: str | None = None
    multipart: bool = False
    without_parameter: bool = False
    only_by_name: bool = False

    @property
    def content_type(self) -> str:
        """The Content-Type of a single body or of one part."""
        return self.media_type + self._transfer_syntax_parameter

    def envelope(self, boundary: str) -> str:
        """Return the Content-Type of the multipart message."""
        syntax = self._transfer_syntax_parameter
        return f'multipart/related; type="{self.media_type}"; boundary={boundary}{syntax}'

    def __str__(self) -> str:
        if not self.multipart:
            return self.content_type
        return f'multipart/related; type="{self.media_type}"{self._transfer_syntax_parameter}'

    @property
    def _transfer_syntax_parameter(self) -> str:
        return f"; transfer-syntax={self.transfer_syntax}" if self.transfer_syntax not in (None, ANY) else ""


@dataclass(frozen=True, slots=True)
class Accept:
    """What a client accepts.

    Attributes:
        header: the Accept field; an empty one accepts anything.
        parameter: the `accept` query parameter, which alone decides when it is there.
    """

    header: str
    parameter: str | None = None

    def choose(self, *offers: Offer) -> Offer:
        """Return the offer that the client likes best.

        Raises:
            NotAcceptable: none of them.
            BadRequest: it names DICOM and rendered media types.
        """
        return choose(self.header, self.parameter, offers)


def choose(header: str | None, accept_parameter: str | None, offers: Sequence[Offer]) -> Offer:
    """Return the offer the client likes best; of equals the first.

    Args:
        header: the Accept field; none or an empty one accepts anything.
        accept_parameter: the `accept` query parameter; it alone decides when it is there, because the
            header then belongs to a browser or library that cannot set it.
        offers: what can be made, best first.

    Raises:
        NotAcceptable: none of them, with the list of what is on offer.
        BadRequest: it names DICOM and rendered media types.

    Standard: PS3.18 8.3.3.1, 8.7.8.1.
    """
    field = _parameter(accept_parameter or "") or (header or "").strip() or "*/*"
    ranges = parse_accept(field)
    check_kinds(field)
    highest = max((media_range.q for media_range in ranges), default=0)
    best_quality, best_offer = 0.0, None
    for offer in offers:
        quality = _quality(offer, ranges)
        if quality > best_quality:
            best_quality, best_offer = quality, offer
        if best_offer and best_quality == highest:
            break
    if best_offer is None:
        raise NotAcceptable(f"cannot answer with {shorten(field)}", list(map(str, offers)))
    return best_offer


def _parameter(accept: str) -> str:
    """Return an `accept` query parameter with the plus signs that decoding the query made spaces."""
    return _SPACE_FOR_PLUS.sub("+", accept.strip())


def _quality(offer: Offer, ranges: Sequence[MediaRange]) -> float:
    """Return the q of the narrowest range that covers the offer, 0 if none does."""
    matches = [
        (*narrowness, media_range.q)
        for media_range in ranges
        if all(narrowness := _narrowness(media_range, offer))
    ]
    return max(matches)[-1] if matches else 0


def _narrowness(media_range: MediaRange, offer: Offer) -> tuple[int, int]:
    """Return how narrowly a range names the offer's type and transfer syntax, 0 where it does not."""
    by_type = _type_narrowness(media_range, offer)
    return by_type, _syntax_narrowness(media_range, offer, by_type)


def _type_narrowness(media_range: MediaRange, offer: Offer) -> int:
    if media_range.name == "*/*":
        return _BY_ANYTHING
    if offer.multipart and media_range.name == "multipart/*":
        return _BY_MULTIPART
    if offer.multipart != (media_range.name == MULTIPART):
        return _NOT
    name = offer.media_type.lower()
    narrowness = {name: _BY_NAME, f"{name.partition('/')[0]}/*": _BY_MAJOR_TYPE, "*/*": _BY_ANY_TYPE}
    return narrowness.get(media_range.type if offer.multipart else media_range.name, _NOT)


def _syntax_narrowness(media_range: MediaRange, offer: Offer, by_type: int) -> int:
    if offer.transfer_syntax is None:
        return 1
    if offer.transfer_syntax in media_range.transfer_syntaxes:
        return 3
    if offer.only_by_name:
        return 0
    if media_range.transfer_syntaxes:
        return 2 * (ANY in media_range.transfer_syntaxes)
    default = EXPLICIT_VR_LITTLE_ENDIAN
    if by_type in (_BY_NAME, _BY_MAJOR_TYPE):
        default = DEFAULT_SYNTAXES.get(offer.media_type, offer.transfer_syntax)
    return int(offer.without_parameter or offer.transfer_syntax == default)
