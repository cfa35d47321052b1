"""How many elements and items a data set may have: more are no instance, but made to hurt."""

from service.dicom.encoding.elements import MAX_ELEMENTS, Buffer, TooMany
from service.dicom.encoding.words import BIG_ENDIAN_ITEM_TAG, ITEM_TAG

_ITEMS = 2**16  # that any file may have
_COUNTED_BYTES = 2**27
_COUNTED_AT_ONCE = 2**20
_BYTES_PER_ITEM = 48  # of a file, at least, for each item beyond these


def check_number_of_items(buffer: Buffer) -> None:
    """Refuse a file that is full of items: to count their tags takes no time, to walk them does.

    Files too long for that are not looked through; they are few.
    """
    size = len(buffer)
    if size > _COUNTED_BYTES:
        return
    number = max(_count(buffer, ITEM_TAG), _count(buffer, BIG_ENDIAN_ITEM_TAG))
    if number > _ITEMS + size // _BYTES_PER_ITEM:
        raise TooMany(f"there are {number} items in {size} bytes")


def _count(buffer: Buffer, tag: bytes) -> int:
    """Return how often a tag is there; nearly, for one may be cut in two where a piece ends."""
    starts = range(0, len(buffer), _COUNTED_AT_ONCE)
    return sum(buffer[start : start + _COUNTED_AT_ONCE].count(tag) for start in starts)


def too_many() -> TooMany:
    """Return the error of a data set with more elements than memory is given to."""
    return TooMany(f"there are more than {MAX_ELEMENTS} elements, items and fragments")
