"""What all encodings share: marks of items, sizes of words, swapping their bytes. PS3.5 6.2, 7.3, 7.5."""

# Marks of items and sequences as little endian has them, PS3.5 7.5: a delimiter is a tag and an empty length.
ITEM_TAG = b"\xfe\xff\x00\xe0"
BIG_ENDIAN_ITEM_TAG = b"\xff\xfe\xe0\x00"
ITEM_END = b"\xfe\xff\x0d\xe0" + bytes(4)
SEQUENCE_END_TAG = b"\xfe\xff\xdd\xe0"
SEQUENCE_END = SEQUENCE_END_TAG + bytes(4)
ITEM_HEADER = 8  # bytes: the tag and the length

# Binary VRs and the size of their words, which big endian files hold the other way round.
WORD_SIZES = {"OB": 1, "UN": 1, "OW": 2, "OF": 4, "OL": 4, "OD": 8, "OV": 8}

# Pixels of more than 16 bits are reversed as a whole, by Bits Allocated.
PIXEL_SIZES = {32: 4, 64: 8}

NUMBER_SIZES = {"AT": 2, "SS": 2, "US": 2, "FL": 4, "SL": 4, "UL": 4, "FD": 8, "SV": 8, "UV": 8}


def swapped(raw: bytes, word_size: int) -> bytes:
    """Return the value with the bytes of every word reversed; an incomplete last word stays."""
    if word_size == 1:
        return raw
    whole = len(raw) // word_size * word_size
    value = bytearray(raw)
    for index in range(word_size // 2):
        low, high = slice(index, whole, word_size), slice(word_size - 1 - index, whole, word_size)
        value[low], value[high] = value[high], value[low]
    return bytes(value)
