"""Pictures that were made last: the same thumbnail is asked for by everyone who opens the list."""

from collections import OrderedDict
from collections.abc import Hashable

_MAX_BYTES = 64 * 2**20


class KeptPictures:
    """Made pictures, least recently asked for first. For the event loop's thread alone.

    A key names the file by its digest, so that an entry can be forgotten but never wrong.
    """

    def __init__(self) -> None:
        self._pictures: OrderedDict[Hashable, bytes] = OrderedDict()
        self._bytes = 0

    def get(self, key: Hashable) -> bytes | None:
        """Return a picture that is kept."""
        picture = self._pictures.get(key)
        if picture is not None:
            self._pictures.move_to_end(key)
        return picture

    def keep(self, key: Hashable, picture: bytes) -> None:
        """Keep a picture for as long as there is room."""
        self._bytes += len(picture) - len(self._pictures.pop(key, b""))
        self._pictures[key] = picture
        while self._bytes > _MAX_BYTES:
            _, oldest = self._pictures.popitem(last=False)
            self._bytes -= len(oldest)
