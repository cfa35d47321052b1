"""How much memory whoever reads the metadata of an instance will need, counted while they are written.

An empty item has eight bytes in a file and some hundred in memory, a name of one letter has two and three
hundred. A file may have much of both, in proportion to its size; more is no instance, but made to hurt. What
is looked at as a whole, an attribute or an item of the top level, may have a part of it.
"""

from dataclasses import dataclass, field

from service.dicom.encoding.elements import TooMany
from service.dicom.encoding.words import NUMBER_SIZES, WORD_SIZES

ITEM_ROOM = 72  # bytes of an object of JSON without attributes
ATTRIBUTE_ROOM = 300  # of an attribute without values

_ROOM = 2**27  # that every file has
_ROOM_PER_BYTE = 8  # of a file, besides
_MAX_ROOM = 2**30
_ROOM_OF_PIECE = 2**27

_UNDIVIDED = WORD_SIZES.keys() | {"LT", "ST", "UR", "UT"}
_VALUE_ROOM = {"DS": 32, "IS": 32, "PN": 300}  # bytes of one value, besides its text
_NUMBER_ROOM, _TEXT_ROOM = 32, 60


@dataclass(slots=True)
class Room:
    """What is left of the memory that the attributes of an instance may take.

    Attributes:
        size: of its file, in bytes.
        left: bytes.
        rest: that has to be left when the attribute or item ends that has begun.
    """

    size: int
    left: int = field(init=False)
    rest: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        self.left = min(_MAX_ROOM, _ROOM + _ROOM_PER_BYTE * self.size)

    def begin(self) -> None:
        """Note that an attribute or item of the top level begins."""
        self.rest = max(0, self.left - _ROOM_OF_PIECE)

    def take(self, room: int) -> None:
        """Note that something takes room.

        Raises:
            TooMany: there is not so much left.
        """
        self.left -= room
        if self.left < self.rest:
            raise TooMany(f"there are more attributes, items and values than suit {self.size} bytes")


def room_of(name: str, raw: bytes) -> int:
    """Return about how many bytes of memory the values take that are encoded so, in the VR of this name."""
    if size := NUMBER_SIZES.get(name):
        return _NUMBER_ROOM * (len(raw) // size)
    number = 1 if name in _UNDIVIDED else raw.count(b"\\") + 1
    return len(raw) + number * _VALUE_ROOM.get(name, _TEXT_ROOM)
