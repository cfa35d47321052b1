"""Segmented palette tables: entries as runs, straight lines and repetitions. Standard: PS3.3 C.7.9.2."""

from collections.abc import Sequence

from service.pixels.arrays import Values

_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


def expanded(table: Values, length: int) -> list[int]:
    """Return up to `length` entries of a segmented table; what makes no sense ends it.

    Args:
        table: uint8 or uint16, as its entries are; shape (number of words,).
        length: stated number of entries.
    """
    words: list[int] = table.tolist()
    entries: list[int] = []
    position = 0
    while position < len(words) and len(entries) < length:
        if words[position] == _INDIRECT:
            after = _repeat(words, position, entries, length, table.itemsize)
        else:
            after = _append(words, position, entries)
        if after == position:
            break
        position = after
    return entries[:length]


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
        after = _append(words, place, entries) if place < len(words) else place
        if after == place:
            return position
        place = after
        if len(entries) >= length:
            break
    return position + 4
