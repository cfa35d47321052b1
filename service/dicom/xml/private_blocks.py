"""Private blocks: XML names their attributes by creator, a data set by number. PS3.5 7.8.1, PS3.19 A.1.5."""

from collections.abc import Sequence
from typing import NamedTuple

from service.dicom.dictionary import tag_name
from service.dicom.encoding.vr import block_of_creator, is_creator
from service.dicom_json import DicomJson


class Blocks:
    """Whose the private blocks of a data set are; a block is a number, of group and block: gggg10."""

    def __init__(self) -> None:
        self._creators: dict[int, str] = {}
        self._first: dict[tuple[int, str], int] = {}  # group and creator → block

    def reserve(self, tag: int, element: DicomJson) -> None:
        """Note whose a block is, if this is an element that says it."""
        if is_creator(tag) and "Value" in element:
            block, creator = block_of_creator(tag), str(element["Value"][0] or "")
            self._creators[block] = creator
            self._first.setdefault((tag >> 16, creator), block)

    def creator(self, tag: int) -> str:
        """Return whose the block of a tag is; empty if it is in none, or nobody has it."""
        return self._creators.get(tag >> 8, "")

    def find(self, tag: int, creator: str) -> int | None:
        """Return a creator's block: the tag's own, else the first in the group; None if there is none."""
        own = self.creator(tag) == creator
        return tag >> 8 if own else self._first.get((tag >> 16, creator))

    def free(self, tag: int) -> int:
        """Return a block that nobody has: the tag's own, else the first in the group.

        Raises:
            ValueError: there is none.
        """
        group = tag >> 16 << 8
        blocks: tuple[int, ...] = (tag >> 8, *range(group | 0x10, group + 0x100))
        for block in blocks:
            if block & 0xFF >= 0x10 and block not in self._creators:
                return block
        raise ValueError(f"found more than 240 private creators in group {tag >> 16:04X}, expected no more")


class Attribute(NamedTuple):
    """An attribute of a data set whose private blocks are still to be found.

    Attributes:
        tag: its own, or if a creator names it, gggg00ee; gggg11ee is in that block if it is the creator's.
        creator: who names it; empty if nobody does.
        element: its DICOM JSON.
    """

    tag: int
    creator: str
    element: DicomJson


def in_blocks(attributes: Sequence[Attribute]) -> DicomJson:
    """Return a data set, ascending: creators' attributes in their blocks, which are reserved as needed.

    Raises:
        ValueError: two attributes have one tag, or a group has more creators than blocks.
    """
    elements: dict[int, DicomJson] = {}
    blocks = Blocks()
    for tag, creator, element in attributes:
        if not creator:
            _put(elements, tag, element)
            blocks.reserve(tag, element)
    for tag, creator, element in attributes:
        if creator:
            block = blocks.find(tag, creator)
            if block is None:
                block = blocks.free(tag)
                reserving = block >> 8 << 16 | block & 0xFF, {"vr": "LO", "Value": [creator]}
                _put(elements, *reserving)
                blocks.reserve(*reserving)
            _put(elements, block << 8 | tag & 0xFF, element)
    return {tag_name(tag): elements[tag] for tag in sorted(elements)}


def _put(elements: dict[int, DicomJson], tag: int, element: DicomJson) -> None:
    if tag in elements:
        raise ValueError(f"found {tag_name(tag)} twice in a data set, expected it once")
    elements[tag] = element
