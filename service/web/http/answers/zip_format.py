"""ZIP files, written from front to back: the records around files that are stored as they are. Pure: no I/O.

Size and CRC-32 of a file are known before its first byte is written, so that its header holds them: a reader
that sees the bytes only once, as a pipe or Java's ZipInputStream does, can take such a file apart too. What
does not fit into 32 bits (16 for the number of files) is in ZIP64 records. Files bear no date, so that the
same content is the same ZIP file.

Format: APPNOTE.TXT 6.3.3, 4.3.7, 4.3.12 to 4.3.16, 4.5.3.
"""

import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MAX_16, _MAX_32 = 0xFFFF, 0xFFFFFFFF
_STORED = 0
_FIRST_OF_JANUARY_1980 = 1 << 5 | 1
_PLAIN, _ZIP64 = 10, 45  # version needed to extract, times ten
_UNIX, _REGULAR_FILE = 3 << 8, 0o100644 << 16

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END_RECORD = struct.Struct("<4s4H2LH")
_ZIP64_END = struct.Struct("<4sQ2H2L4Q")
_ZIP64_LOCATOR = struct.Struct("<4sLQL")


@dataclass(frozen=True, slots=True)
class ZipEntry:
    """A file that has been written.

    Attributes:
        name: with slashes between folders, ASCII.
        size: in bytes.
        crc: CRC-32 of its bytes.
        offset: of its local header, from the start of the ZIP file.
    """

    name: str
    size: int
    crc: int
    offset: int


def local_header(name: str, size: int, crc: int) -> bytes:
    """Return what stands before the bytes of a file."""
    extra, version, size_field = b"", _PLAIN, size
    if size >= _MAX_32:
        extra, version, size_field = _zip64(size, size), _ZIP64, _MAX_32
    flags, time = 0, 0
    lengths = len(name), len(extra)
    head = _LOCAL.pack(
        b"PK\3\4",
        version,
        flags,
        _STORED,
        time,
        _FIRST_OF_JANUARY_1980,
        crc,
        size_field,
        size_field,
        *lengths,
    )
    return head + name.encode("ascii") + extra


def central_directory(entries: Sequence[ZipEntry], offset: int) -> bytes:
    """Return what stands behind the last file.

    Args:
        entries: all files, in their order.
        offset: where it begins, from the start of the ZIP file.
    """
    headers = b"".join(map(_central_header, entries))
    return headers + _end(len(entries), len(headers), offset)


def zip_length(files: Iterable[tuple[str, int]]) -> int:
    """Return the length of a ZIP file of files with these names and sizes."""
    entries, offset = [], 0
    for name, size in files:
        entries.append(ZipEntry(name, size, 0, offset))
        offset += len(local_header(name, size, 0)) + size
    return offset + len(central_directory(entries, offset))


def _central_header(entry: ZipEntry) -> bytes:
    long_values = [value for value in (entry.size, entry.size, entry.offset) if value >= _MAX_32]
    extra, version = (_zip64(*long_values), _ZIP64) if long_values else (b"", _PLAIN)
    size, offset = min(entry.size, _MAX_32), min(entry.offset, _MAX_32)
    flags, time, comment, disk, internal = 0, 0, 0, 0, 0
    lengths = len(entry.name), len(extra), comment
    head = _CENTRAL.pack(
        b"PK\1\2", _UNIX | version, version, flags, _STORED, time, _FIRST_OF_JANUARY_1980, entry.crc, size,
        size, *lengths, disk, internal, _REGULAR_FILE, offset,
    )  # fmt: skip
    return head + entry.name.encode("ascii") + extra


def _end(count: int, length: int, offset: int) -> bytes:
    """Return the records that end the file: `count` headers of together `length` bytes lie at `offset`."""
    directory_end = offset + length
    disk, comment = 0, 0
    fields = min(count, _MAX_16), min(length, _MAX_32), min(offset, _MAX_32)
    end = _END_RECORD.pack(b"PK\5\6", disk, disk, fields[0], *fields, comment)
    if count < _MAX_16 and directory_end < _MAX_32:
        return end
    record_length = _ZIP64_END.size - 12
    zip64_end = _ZIP64_END.pack(
        b"PK\6\6", record_length, _UNIX | _ZIP64, _ZIP64, disk, disk, count, count, length, offset
    )
    return zip64_end + _ZIP64_LOCATOR.pack(b"PK\6\7", disk, directory_end, 1) + end


def _zip64(*values: int) -> bytes:
    return struct.pack(f"<2H{len(values)}Q", 1, 8 * len(values), *values)
