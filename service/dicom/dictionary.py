"""The data dictionary of PS3.6: keywords, tags, and the VRs of tags as DICOM JSON names them.

A private attribute can be named by its creator, wherever the block lies that a file has reserved for it:
`0019xx0C:SIEMENS MR HEADER`, as pydicom's private dictionaries do, with the creator behind a colon.
"""

from functools import lru_cache

from pydicom.datadict import (
    dictionary_VM,
    dictionary_VR,
    keyword_for_tag,
    private_dictionary_VM,
    private_dictionary_VR,
    tag_for_keyword,
)

_FIRST_BLOCK = "10"


@lru_cache(maxsize=16384)
def tag_name(tag: int) -> str:
    """Return a tag as DICOM JSON has it: eight upper-case hexadecimal digits."""
    return f"{tag:08X}"


@lru_cache(maxsize=4096)
def tag_of(keyword: str) -> str | None:
    """Return eight upper-case hexadecimal digits; None for what is no keyword of PS3.6."""
    tag = tag_for_keyword(keyword) if keyword else None  # some retired tags have none
    return f"{tag:08X}" if tag else None


@lru_cache(maxsize=4096)
def vr_of(tag: str) -> str:
    """Return the dictionary's VR, the first where it names several; UN for one it does not know."""
    number, _, creator = tag.partition(":")
    try:
        if creator:
            return private_dictionary_VR(_in_first_block(number), creator)[:2]
        return dictionary_VR(int(number, 16))[:2]
    except KeyError:
        return "UN"


@lru_cache(maxsize=4096)
def has_one_value(tag: str) -> bool:
    """Tell whether the dictionary gives an attribute one value; False for one it does not know."""
    number, _, creator = tag.partition(":")
    try:
        vm = (
            private_dictionary_VM(_in_first_block(number), creator)
            if creator
            else dictionary_VM(int(tag, 16))
        )
    except KeyError:
        return False
    return vm == "1"


def keyword_of(tag: str) -> str:
    """Return the keyword of a tag; the tag itself where it has none."""
    return tag if ":" in tag else keyword_for_tag(int(tag, 16)) or tag


def _in_first_block(tag: str) -> int:
    return int(tag.replace("xx", _FIRST_BLOCK), 16)


def described(tag: int) -> str:
    """Return a tag as people read it, with its keyword where it has one: StudyDate (0008,0020)."""
    return f"{keyword_for_tag(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})".strip()
