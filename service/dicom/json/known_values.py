"""Attributes made of values before: the instances of a series say nearly the same.

They are shared, and nobody changes them.
"""

from functools import lru_cache
from typing import Any

from service.dicom.encoding.charset import Charset
from service.dicom_json import DicomJson

LONGEST = 64  # bytes of a value that is worth remembering

_MAX_VALUES = 8192
_MAX_MEANINGS = 16  # character sets, in both byte orders

_Key = tuple[int, str, Any]


class KnownValues(dict[_Key, tuple[DicomJson, int]]):
    """Tag, VR and value → the attribute, and the room that it takes; flawless ones."""

    def keep(self, key: _Key, attribute: DicomJson, room: int) -> None:
        """Remember an attribute; when there are many, begin anew."""
        if len(self) >= _MAX_VALUES:
            self.clear()
        self[key] = attribute, room


@lru_cache(maxsize=_MAX_MEANINGS)
def known_values(charset: Charset, little_endian: bool) -> KnownValues:
    """Return those that are encoded so."""
    del charset, little_endian
    return KnownValues()
