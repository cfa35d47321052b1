"""The header of a JPEG XL stream, bare or in its container. Of it, only the size is read here.

Standard: ISO/IEC 18181-1 Annex D.2 (SizeHeader), 18181-2 (the container).
"""

from service.errors import UndecodableFrame
from service.pixels.streams import StreamHeader, boxes

_CODE_STREAM = b"\xff\x0a"
_CONTAINER = b"\x00\x00\x00\x0cJXL "
_LENGTHS = (9, 13, 18, 30)  # bits of a side, by the two bits before it
_RATIOS = {1: (1, 1), 2: (12, 10), 3: (4, 3), 4: (3, 2), 5: (16, 9), 6: (5, 4), 7: (2, 1)}
_HEADER_BYTES = 16


class _Bits:
    """Bits of a little endian number, lowest first."""

    def __init__(self, content: bytes) -> None:
        self._rest = int.from_bytes(content, "little")

    def take(self, number: int) -> int:
        """Return the next bits as a number."""
        taken = self._rest & ((1 << number) - 1)
        self._rest >>= number
        return taken


def jpeg_xl_header(frame: bytes) -> StreamHeader:
    """Return what a JPEG XL stream announces.

    Raises:
        UndecodableFrame: it is none.
    """
    stream = _code_stream(frame)
    if not stream.startswith(_CODE_STREAM):
        raise UndecodableFrame(f"the frame begins with {frame[:4].hex()}: expected JPEG XL, ff0a")
    bits = _Bits(stream[2:_HEADER_BYTES])
    in_eights = bool(bits.take(1))
    rows = _side(bits, in_eights=in_eights)
    ratio = _RATIOS.get(bits.take(3))
    columns = rows * ratio[0] // ratio[1] if ratio else _side(bits, in_eights=in_eights)
    return StreamHeader(rows, columns, colour="RGB")


def _side(bits: _Bits, *, in_eights: bool) -> int:
    if in_eights:
        return 8 * (bits.take(5) + 1)
    return bits.take(_LENGTHS[bits.take(2)]) + 1


def _code_stream(frame: bytes) -> bytes:
    """Return the code stream, or as much of it as the first box that has some holds."""
    if not frame.startswith(_CONTAINER):
        return frame
    index_bytes = {b"jxlc": 0, b"jxlp": 4}
    return next((content[index_bytes[kind] :] for kind, content in boxes(frame) if kind in index_bytes), b"")
