"""The data dictionary of PS3.6: keywords, tags, and the VRs of tags as DICOM JSON names them."""

from functools import lru_cache

from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword


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
    try:
        return dictionary_VR(int(tag, 16))[:2]
    except KeyError:
        return "UN"


def described(tag: int) -> str:
    """Return a tag as people read it, with its keyword where it has one: StudyDate (0008,0020)."""
    return f"{keyword_for_tag(tag)} ({tag >> 16:04X},{tag & 0xFFFF:04X})".strip()
