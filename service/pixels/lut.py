"""Lookup tables, as Modality LUT and VOI LUT carry them."""

from dataclasses import dataclass

import numpy as np

from service.dicom_json import Attributes, binary, integer, items, numbers
from service.pixels.arrays import Values

LUT_DESCRIPTOR = "00283002"
LUT_DATA = "00283006"


@dataclass(frozen=True, slots=True, eq=False)
class LookupTable:
    """A table of values, one per step of its input.

    Attributes:
        first: the input that the first entry stands for; lower inputs get the first entry too.
        entries: uint16, shape (number of entries,); inputs beyond the last get the last entry.
        bits: an entry lies in 0 ... 2^bits - 1.

    Standard: PS3.3 C.11.1.1, C.11.2.1.1.
    """

    first: int
    entries: Values
    bits: int

    def modality(self, stored: Values) -> Values:
        """Map stored values, any shape, to modality values in 0 ... 2^bits - 1."""
        return self._look_up(stored).astype(np.float64)

    def fraction(self, values: Values) -> Values:
        """Map modality values, any shape, to 0 ... 1."""
        return self._look_up(values) / (2.0**self.bits - 1)

    def _look_up(self, values: Values) -> Values:
        index = np.fmin(np.fmax(values - float(self.first), 0), len(self.entries) - 1)
        return self.entries.take(np.rint(index).astype(np.intp))


def lookup_table(item: Attributes, *, signed: bool) -> LookupTable | None:
    """Read the item of a Modality LUT or VOI LUT Sequence.

    Args:
        item: DICOM JSON of the item, its LUT Data as values or inline.
        signed: the inputs may be negative; the VR of the descriptor (US or SS) cannot be trusted with that.

    Returns:
        None when the descriptor or the entries are missing. Entries larger than the stated number of
        bits allows widen it, and a table shorter than stated ends early.
    """
    descriptor = [int(value) for value in numbers(item, LUT_DESCRIPTOR) if value is not None]
    if len(descriptor) != 3:
        return None
    length, first, bits = descriptor
    entries = _entries(item, length & 0xFFFF or 65536)
    if not entries.size:
        return None
    widest = int(entries.max()).bit_length()
    return LookupTable(
        first=_sixteen_bits(first, signed=signed), entries=entries, bits=max(widest, min(max(bits, 1), 16))
    )


def is_cut(item: Attributes) -> bool:
    """Tell whether a table that `lookup_table` made of this item has fewer entries than is stated."""
    length, _, bits = (int(value or 0) for value in numbers(item, LUT_DESCRIPTOR))
    stated = length & 0xFFFF or 65536
    if integer(item, LUT_DATA) is None and bits > 8:
        return len(binary(item, LUT_DATA)) < 2 * stated
    return len(_entries(item, stated)) < stated


def _entries(item: Attributes, length: int) -> Values:
    """Return up to `length` entries; 8-bit ones may be packed two in a word."""
    if integer(item, LUT_DATA) is not None:
        words = [int(value or 0) & 0xFFFF for value in numbers(item, LUT_DATA)[:length]]
        return np.array(words, np.uint16)
    data = binary(item, LUT_DATA)
    if length <= len(data) < 2 * length:
        return np.frombuffer(data, np.uint8, length).astype(np.uint16)
    return np.frombuffer(data, "<u2", min(length, len(data) // 2)).astype(np.uint16)


def _sixteen_bits(value: int, *, signed: bool) -> int:
    return (value + 0x8000 & 0xFFFF) - 0x8000 if signed else value & 0xFFFF


def first_table(scope: Attributes, sequence: str, *, signed: bool) -> LookupTable | None:
    """Return the table of the first item of a sequence; None if there is none that can be read."""
    return next((lookup_table(item, signed=signed) for item in items(scope, sequence)[:1]), None)
