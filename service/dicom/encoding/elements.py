"""Data elements whose values have not been read: PS3.5 7. What `walk` finds, and what it cannot accept."""

import mmap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

Buffer = bytes | mmap.mmap

MAX_DEPTH = 64
MAX_ELEMENTS = 2**20  # with items and fragments, in memory at a time: eight bytes of a file cost some 400
UNDEFINED = 0xFFFFFFFF

PIXEL_DATA = 0x7FE00010
ITEM, ITEM_DELIMITATION, SEQUENCE_DELIMITATION = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD


class Encoding(NamedTuple):
    """How data elements are laid out: PS3.5 7.1."""

    implicit: bool
    little_endian: bool


IMPLICIT_LITTLE = Encoding(implicit=True, little_endian=True)
EXPLICIT_LITTLE = Encoding(implicit=False, little_endian=True)
EXPLICIT_BIG = Encoding(implicit=False, little_endian=False)


class Element(NamedTuple):
    """One data element, its value not yet read.

    Attributes:
        tag: group and element as one number.
        vr: as encoded; empty when the encoding has none.
        offset: of the first byte of the value, from the start of the buffer.
        length: of the value in bytes; of encapsulated pixel data, all items with their delimiter; of a
            sequence, as encoded, which may be UNDEFINED.
        items: a sequence's items.
        fragments: encapsulated pixel data's items, the Basic Offset Table first.
    """

    tag: int
    vr: str
    offset: int
    length: int
    items: "list[Item] | None" = None
    fragments: "list[Fragment] | None" = None


class Item(NamedTuple):
    """One item of a sequence; of one out of very many, the elements are walked whenever they are wanted."""

    elements: Iterable[Element]
    encoding: Encoding


class Fragment(NamedTuple):
    """The value of one item of encapsulated pixel data; its 8-byte item header lies before it."""

    offset: int
    length: int


class Malformed(ValueError):
    """The bytes are not a data set; the message says where and why.

    Attributes:
        read: the elements of the top level before the place in question.
    """

    read: Sequence[Element] = ()


class Truncated(Malformed):
    """The bytes end inside a value."""


class TooDeep(Malformed):
    """Sequences lie inside each other beyond `MAX_DEPTH`."""


class TooMany(Malformed):
    """There are more elements, or they take more room, than memory should be given to."""
