"""Diffusion as scanners wrote it before the Standard had attributes for it: in private ones.

Siemens and Philips count directions along the axes of the patient, as the Standard does. GE counts them along
those of the gradients, which no attribute relates to the image for certain: of these nothing is told.
"""

import struct
from collections.abc import Iterator, Mapping
from typing import Any

from service.dicom_json import PER_FRAME_GROUPS, Attributes, binary, items, numbers, text

B_VALUE, DIRECTION = "00189087", "00189089"
_MODALITY = "00080060"
_SIEMENS, _PHILIPS = "SIEMENS MR HEADER", "Philips Imaging DD 001"
_PHILIPS_MR = ("Philips MR Imaging DD 001", "Philips MR Imaging DD 005")


def with_diffusion(metadata: Attributes) -> Attributes:
    """Return metadata with b-value and direction of the Standard where only private attributes tell them.

    Args:
        metadata: DICOM JSON object of an instance.

    Standard: PS3.3 C.8.13.5.9; the Conformance Statements of Siemens syngo MR and Philips MR.
    """
    if text(metadata, _MODALITY) != "MR" or B_VALUE in metadata or items(metadata, PER_FRAME_GROUPS):
        return metadata
    b_value, direction = _of_siemens(metadata) or _of_philips(metadata) or ([], [])
    if len(b_value) != 1 or b_value[0] < 0:
        return metadata
    told = dict(metadata) | {B_VALUE: {"vr": "FD", "Value": b_value}}
    if b_value[0] and DIRECTION not in metadata and len(direction) == 3 and any(direction):
        told[DIRECTION] = {"vr": "FD", "Value": direction}
    return told


def _of_siemens(metadata: Attributes) -> tuple[list[float], list[float]] | None:
    for block in _blocks(metadata, "0019", _SIEMENS):
        return _values(metadata, f"{block}0C"), _values(metadata, f"{block}0E", "d")
    return None


def _of_philips(metadata: Attributes) -> tuple[list[float], list[float]] | None:
    """Return them; the direction stands in a number for each of left, back and head, of one of two blocks."""
    for block in _blocks(metadata, "2001", _PHILIPS):
        direction: list[float] = []
        for directions in _blocks(metadata, "2005", *_PHILIPS_MR):
            direction = direction or [
                value for axis in range(3) for value in _values(metadata, f"{directions}B{axis}", "f")
            ]
        return _values(metadata, f"{block}03", "f"), direction
    return None


def _blocks(metadata: Mapping[str, Any], group: str, *creators: str) -> Iterator[str]:
    """Yield group and block of private attributes that some creators have reserved."""
    for tag in metadata:
        if tag.startswith(f"{group}00") and text(metadata, tag) in creators:
            yield f"{group}{tag[6:]}"


def _values(metadata: Attributes, tag: str, form: str = "") -> list[float]:
    """Return the numbers of a private attribute, whose VR need not be known; none if one is no number.

    Args:
        metadata: DICOM JSON object of an instance.
        tag: of the attribute.
        form: of its bytes, as `struct` has it; "" for text.
    """
    content = binary(metadata, tag)
    if not content:
        values = numbers(metadata, tag)
    elif form and len(content) % struct.calcsize(form) == 0:
        values = [*struct.unpack(f"<{len(content) // struct.calcsize(form)}{form}", content)]
    else:
        written = content.decode("ascii", "replace").strip(" \0").split("\\")
        values = numbers({tag: {"vr": "DS", "Value": written}}, tag)
    found = [value for value in values if value is not None]
    return found if len(found) == len(values) else []
