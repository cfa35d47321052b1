"""The head of a Part 10 file, PS3.10 7.1, and what stands in for it where it is missing."""

import re
from dataclasses import dataclass

from service.dicom.encoding.elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    Buffer,
    Encoding,
    Malformed,
)
from service.dicom.encoding.group import walk_group
from service.transfer_syntaxes import (
    EXPLICIT_VR_BIG_ENDIAN,
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
)

PREAMBLE = 128
_SYNTAX = re.compile(r"[0-9.]{1,64}", re.ASCII)

_ENCODINGS = {
    IMPLICIT_VR_LITTLE_ENDIAN: IMPLICIT_LITTLE,
    EXPLICIT_VR_BIG_ENDIAN: EXPLICIT_BIG,
}


@dataclass(frozen=True, slots=True)
class FileMeta:
    """What the head of a file says of the data set behind it.

    Attributes:
        transfer_syntax: its UID, stated or, where the file is silent, recognised.
        dataset_offset: where the data set begins.
        conformant: the file has its preamble and names its transfer syntax, so that it is a Part 10 file.
    """

    transfer_syntax: str
    dataset_offset: int
    conformant: bool

    @property
    def encoding(self) -> Encoding:
        """Return how the data set's elements are laid out (a deflated one's once inflated)."""
        return _ENCODINGS.get(self.transfer_syntax, EXPLICIT_LITTLE)


def read_file_meta(buffer: Buffer) -> FileMeta:
    """Read preamble and group 0002; do without them where the data set can be recognised.

    Raises:
        Malformed: neither a Part 10 file nor a data set.
        Truncated: the file ends inside its head.

    Standard: PS3.10 7.1.
    """
    preamble = buffer[PREAMBLE : PREAMBLE + 4] == b"DICM"
    start = PREAMBLE + 4 if preamble else 0
    stated = ""
    offset = start
    if buffer[start : start + 2] == b"\x02\x00":
        elements, offset = walk_group(buffer, start, 0x0002)
        stated = next(
            (
                buffer[element.offset : element.offset + element.length]
                .decode("ascii", "replace")
                .strip(" \0")
                for element in elements
                if element.tag == 0x00020010
            ),
            "",
        )
    if stated and not _SYNTAX.fullmatch(stated):
        raise Malformed("Transfer Syntax UID is not a UID: expected digits and dots (PS3.5 9.1)")
    transfer_syntax = stated or _recognise(buffer, offset)
    return FileMeta(transfer_syntax, offset, conformant=preamble and bool(stated))


def _recognise(buffer: Buffer, offset: int) -> str:
    """Return the transfer syntax that the first element of a bare data set shows."""
    head = bytes(buffer[offset : offset + 8])
    if len(head) < 8:
        raise Malformed(f"not a DICOM file: {len(buffer)} bytes, without preamble and data set")
    explicit = head[4:6].isalpha() and head[4:6].isupper()
    low, high = head[:2], head[1::-1]
    for order, group in (("little", int.from_bytes(low, "little")), ("big", int.from_bytes(high, "little"))):
        if not 0x0004 <= group <= 0x0100:
            continue
        if explicit:
            return EXPLICIT_VR_LITTLE_ENDIAN if order == "little" else EXPLICIT_VR_BIG_ENDIAN
        if order == "little" and int.from_bytes(head[4:8], "little") <= len(buffer):
            return IMPLICIT_VR_LITTLE_ENDIAN
    raise Malformed("not a DICOM file: no DICM after the preamble, and no data set at the start")
