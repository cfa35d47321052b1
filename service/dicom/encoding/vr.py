"""Which value representation an element has when its encoding does not say, or says UN."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from pydicom.datadict import dictionary_VR, private_dictionary_VR


class Context(NamedTuple):
    """What the meaning of a value depends on besides its own bytes.

    Attributes:
        signed: Pixel Representation (0028,0103) is 1, so that "US or SS" is SS.
        creators: private creators by group and block, as in (gggg,xx..) → gggg << 8 | xx.
    """

    signed: bool = False
    creators: Mapping[int, str] = {}


# What the dictionary leaves open; and a sequence is known by its items, so that SQ without them is no VR.
_AMBIGUOUS = {"OB or OW": "OW", "US or OW": "OW", "US or SS or OW": "OW", "SQ": "UN"}


@lru_cache(maxsize=16384)
def dictionary_vr(tag: int) -> str:
    """Return the dictionary's VR of a standard tag; UN for one it does not know."""
    if tag & 0xFFFF == 0:
        return "UL"
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UN"


@lru_cache(maxsize=16384)
def _private_dictionary(tag: int, creator: str) -> str:
    try:
        return private_dictionary_VR(tag, creator)
    except KeyError:
        return "UN"


def is_private(tag: int) -> bool:
    """Tell whether the group is odd: PS3.5 7.8."""
    return bool(tag >> 16 & 1)


def is_creator(tag: int) -> bool:
    """Tell whether the element names the creator of a private block: PS3.5 7.8.1."""
    return bool(tag >> 16 & 1) and 0x10 <= tag & 0xFFFF <= 0xFF


def block_of_creator(tag: int) -> int:
    """Return the block that a creator element reserves, as group << 8 | block."""
    return (tag >> 16) << 8 | tag & 0xFF


def resolve(tag: int, encoded: str, context: Context) -> str:
    """Return the VR of an element.

    Args:
        tag: of the element.
        encoded: the VR as encoded; empty when implicit.
        context: of the data set it belongs to.

    Returns:
        The encoded VR; where that is missing or UN, the one of the standard or private dictionary,
        with "US or SS" decided by Pixel Representation; UN when nobody knows.

    Standard: PS3.5 6.2.2 note 2, A.1, PS3.6.
    """
    if encoded and encoded != "UN":
        return encoded
    vr = _private(tag, context) if is_private(tag) else dictionary_vr(tag)
    if vr == "US or SS":
        return "SS" if context.signed else "US"
    return _AMBIGUOUS.get(vr, vr)


def _private(tag: int, context: Context) -> str:
    if is_creator(tag):
        return "LO"
    creator = context.creators.get(tag >> 8)
    return _private_dictionary(tag, creator) if creator else "UN"
