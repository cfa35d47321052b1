"""Palettes: which colour each stored value of a PALETTE COLOR image stands for.

A table may come in segments: entries as runs, straight lines and repetitions.

Standard: PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9.2.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.dicom_json import Attributes, binary, integer, numbers
from service.errors import NotRenderable
from service.pixels.arrays import Levels, Values, in_strips

_DESCRIPTORS = ("00281101", "00281102", "00281103")  # of red, green and blue
_DATA = ("00281201", "00281202", "00281203")
_SEGMENTED_DATA = ("00281221", "00281222", "00281223")
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2  # kinds of segments


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """A table of colours.

    Attributes:
        first: the stored value that the first entry stands for; lower ones get the first entry too.
        colours: uint8, shape (number of entries, 3); values beyond the last get the last entry.
    """

    first: int
    colours: Levels

    def levels(self, stored: Values) -> Levels:
        """Return the colours of stored values, shape (...), as levels of shape (..., 3)."""
        return in_strips(stored, self._levels)

    def _levels(self, stored: Values) -> Levels:
        index = np.clip(stored.astype(np.int64) - self.first, 0, len(self.colours) - 1)
        return self.colours.take(index, axis=0)


def palette_of(image: Attributes, *, signed: bool) -> Palette:
    """Return the palette of an instance.

    Args:
        image: DICOM JSON object of the instance, binary values inline.
        signed: stored values may be negative; the VR of the descriptor cannot be trusted with that.

    Raises:
        NotRenderable: a table is missing.
    """
    tables = [_table(image, *tags) for tags in zip(_DESCRIPTORS, _DATA, _SEGMENTED_DATA, strict=True)]
    length = min(map(len, tables))
    if not length:
        raise NotRenderable("a table of the palette is missing: expected red, green and blue")
    first = int((numbers(image, _DESCRIPTORS[0])[1:2] or [0])[0] or 0)
    return Palette(
        first=(first + 0x8000 & 0xFFFF) - 0x8000 if signed else first & 0xFFFF,
        colours=_levels(np.stack([table[:length] for table in tables], axis=-1)),
    )


def expanded(table: Values, length: int) -> list[int]:
    """Return up to `length` entries of a segmented table; what makes no sense ends it.

    Args:
        table: uint8 or uint16, as its entries are; shape (number of words,).
        length: stated number of entries.

    Standard: PS3.3 C.7.9.2.
    """
    words: list[int] = table.tolist()
    entries: list[int] = []
    position = 0
    while position < len(words) and len(entries) < length:
        if words[position] == _INDIRECT:
            next_position = _repeat(words, position, entries, length, table.itemsize)
        else:
            next_position = _append(words, position, entries)
        if next_position == position:
            break
        position = next_position
    return entries[:length]


def _table(image: Attributes, descriptor: str, data: str, segmented_data: str) -> Values:
    """Return the entries of one colour; none without its descriptor or data."""
    parameters = [int(value or 0) for value in numbers(image, descriptor)]
    if len(parameters) != 3:
        return np.empty(0, np.uint16)
    length, bits = parameters[0] & 0xFFFF or 65536, parameters[2]
    words = _words(image, segmented_data)
    if words.size:
        words = _octets(words) if bits <= 8 else words
        return np.array(expanded(words, length), np.uint16)
    return _entries(_words(image, data), length, bits)


def _words(image: Attributes, tag: str) -> Values:
    """Return a value of OW, or of US, as words."""
    if integer(image, tag) is not None:
        return np.array([int(value or 0) & 0xFFFF for value in numbers(image, tag)], "<u2")
    content = binary(image, tag)
    return np.frombuffer(content, "<u2", len(content) // 2)


def _octets(words: Values) -> Values:
    return words.view(np.uint8)


def _entries(words: Values, length: int, bits: int) -> Values:
    """Return up to `length` entries; those of 8 bits lie two in a word, with some writers one."""
    octets = _octets(words)
    are_packed = octets.size < 2 * length and (bits <= 8 or octets.size >= length)
    return (octets if are_packed else words)[:length].astype(np.uint16)


def _levels(entries: Values) -> Levels:
    """Bring entries to 8 bits; what their descriptor says of their size is less sure than their range."""
    return (entries >> 8 if entries.max() > 255 else entries).astype(np.uint8)


def _append(words: Sequence[int], position: int, entries: list[int]) -> int:
    """Append a discrete or linear segment; return where the next one is, or the same place for none."""
    if position + 3 > len(words) or not (count := words[position + 1]):
        return position
    if words[position] == _DISCRETE:
        entries += words[position + 2 : position + 2 + count]
        return position + 2 + count
    if words[position] == _LINEAR and entries:
        first, last = entries[-1], words[position + 2]
        entries += [round(first + (last - first) * step / count) for step in range(1, count + 1)]
        return position + 3
    return position


def _repeat(words: Sequence[int], position: int, entries: list[int], length: int, word_size: int) -> int:
    """Append segments that stand elsewhere; return where the next one is, or the same place for none."""
    if position + 4 > len(words):
        return position
    count, low, high = words[position + 1 : position + 4]
    place = (low | high << 8 * word_size) // word_size
    for _ in range(count):
        next_place = _append(words, place, entries) if place < len(words) else place
        if next_place == place:
            return position
        place = next_place
        if len(entries) >= length:
            break
    return position + 4
