"""A stored data set → one whose pixels are in another transfer syntax: PS3.18 8.7.3, PS3.5 A.

Only what describes the pixels changes: how they are encoded, and, where values were lost on the way, what the
Standard wants to be said of that. Every other attribute keeps its value. The frames themselves are the
caller's: they belong between the two parts of the data set that are made here.
"""

import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from heapq import merge
from operator import itemgetter
from uuid import NAMESPACE_OID, uuid5

from service.dicom.encoding.common_references import REFERENCED_SERIES, Reference, referenced_series
from service.dicom.encoding.elements import PIXEL_DATA, Buffer, Element, Encoding
from service.dicom.encoding.explicit import Value, elements_in_explicit_little_endian, encoded
from service.dicom.encoding.vr import Context
from service.dicom.encoding.words import ITEM_TAG, SEQUENCE_END

Pieces = Iterator[bytes | Value]
_Part = tuple[int, Iterable[bytes | Value]]  # a tag, and what its element is made of

_IMAGE_TYPE, _SOP_CLASS, _SOP_INSTANCE = 0x00080008, 0x00080016, 0x00080018
_SERIES_INSTANCE = 0x0020000E
_DERIVATION_DESCRIPTION, _SOURCE_IMAGE, _DERIVATION_CODE = 0x00082111, 0x00082112, 0x00089215
_PHOTOMETRIC_INTERPRETATION, _PLANAR_CONFIGURATION, _HIGH_BIT = 0x00280004, 0x00280006, 0x00280102
_NUMBER_OF_FRAMES = 0x00280008
_LOSSY, _RATIO, _METHOD = 0x00282110, 0x00282112, 0x00282114
_OFFSET_TABLES = (0x7FE00001, 0x7FE00002, 0x7FE00003)

_NO_OFFSETS = ITEM_TAG + bytes(4)
_ENCAPSULATED = struct.pack("<HH2sHL", 0x7FE0, 0x0010, b"OB", 0, 0xFFFFFFFF) + _NO_OFFSETS


@dataclass(frozen=True, slots=True)
class LossyCompression:
    """How values were lost. Standard: PS3.3 C.7.6.1.1.5.

    Attributes:
        sop_instance_uid: of the new instance that the image becomes.
        method: Lossy Image Compression Method, as ISO_10918_1.
        ratio: bytes of the frames before, for each byte after.
        description: one line for the reader.
    """

    sop_instance_uid: str
    method: str
    ratio: float
    description: str


@dataclass(frozen=True, slots=True)
class PixelEncoding:
    """How the pixels go out.

    Attributes:
        transfer_syntax: UID.
        photometric_interpretation: of the frames as they go out.
        planar_configuration: of the frames as they go out; None for one sample per pixel.
        bits_allocated: of a sample.
        bits_stored: of a sample; the High Bit is the one below.
        native_length: of all frames together in bytes; None for encapsulated ones.
        lossy: how values were lost by this encoding; None if they were not.
        number_of_frames: that are there; what the stored data set says may be wrong.
    """

    transfer_syntax: str
    photometric_interpretation: str
    planar_configuration: int | None
    bits_allocated: int
    bits_stored: int
    native_length: int | None
    lossy: LossyCompression | None = None
    number_of_frames: int = 1


def transcoded(
    buffer: Buffer, elements: Sequence[Element], encoding: Encoding, pixels: PixelEncoding
) -> tuple[Pieces, Pieces]:
    """Return the data set in Explicit VR Little Endian: what stands before its frames, and what after them.

    Args:
        buffer: which the elements' offsets refer to.
        elements: of the stored data set.
        encoding: of the stored data set.
        pixels: what the frames will be.
    """
    changed = _described(pixels) | (_derived(buffer, elements, pixels.lossy) if pixels.lossy else {})
    if pixels.number_of_frames > 1 or any(element.tag == _NUMBER_OF_FRAMES for element in elements):
        changed[_NUMBER_OF_FRAMES] = _text(_NUMBER_OF_FRAMES, "IS", str(pixels.number_of_frames))
    new: dict[int, Iterable[bytes | Value]] = {tag: (content,) for tag, content in changed.items()}
    if pixels.lossy:
        new[REFERENCED_SERIES] = _references(buffer, elements)
    code_streams = (element.tag for element in elements if _holds_code_streams(element))
    replaced = {*new, *_OFFSET_TABLES, *code_streams, PIXEL_DATA}

    def kept() -> Iterator[_Part]:
        parts = elements_in_explicit_little_endian(buffer, elements, encoding, Context())
        return (part for part in parts if part[0] not in replaced)

    before = (part for part in kept() if part[0] < PIXEL_DATA)
    after = (part for part in kept() if part[0] > PIXEL_DATA)
    start, end = _pixel_data(pixels)
    return _before(before, new, start), _after(end, after)


def _before(stored: Iterable[_Part], new: Mapping[int, Iterable[bytes | Value]], start: bytes) -> Pieces:
    """Yield the elements up to the frames, the new ones in their places."""
    for _, pieces in merge(sorted(new.items(), key=itemgetter(0)), stored, key=itemgetter(0)):
        yield from pieces
    yield start


def _after(end: bytes, stored: Iterable[_Part]) -> Pieces:
    yield end
    for _, pieces in stored:
        yield from pieces


def item(frame: bytes) -> bytes:
    """Return an encapsulated frame as one item, padded to an even length. PS3.5 A.4."""
    padding = b"\0" * (len(frame) % 2)
    return ITEM_TAG + struct.pack("<L", len(frame) + len(padding)) + frame + padding


def derived_uid(sop_instance_uid: str, transfer_syntax: str) -> str:
    """Return the UID of an instance made of another by losing values, always the same. PS3.5 B.2."""
    return f"2.25.{uuid5(NAMESPACE_OID, f'{sop_instance_uid}/{transfer_syntax}').int}"


def _pixel_data(pixels: PixelEncoding) -> tuple[bytes, bytes]:
    """Return what stands of Pixel Data before its frames, and what after them."""
    if pixels.native_length is None:
        return _ENCAPSULATED, SEQUENCE_END
    padding = b"\0" * (pixels.native_length % 2)
    name = b"OW" if pixels.bits_allocated > 8 else b"OB"
    head = struct.pack("<HH2sHL", 0x7FE0, 0x0010, name, 0, pixels.native_length + len(padding))
    return head, padding


def _described(pixels: PixelEncoding) -> dict[int, bytes]:
    """Return the Image Pixel attributes that an encoding may change. PS3.3 C.7.6.3."""
    attributes = {
        _PHOTOMETRIC_INTERPRETATION: _text(
            _PHOTOMETRIC_INTERPRETATION, "CS", pixels.photometric_interpretation
        ),
        _HIGH_BIT: encoded(_HIGH_BIT, "US", struct.pack("<H", pixels.bits_stored - 1)),
    }
    if pixels.planar_configuration is not None:
        planar = struct.pack("<H", pixels.planar_configuration)
        attributes[_PLANAR_CONFIGURATION] = encoded(_PLANAR_CONFIGURATION, "US", planar)
    return attributes


def _derived(buffer: Buffer, elements: Sequence[Element], lossy: LossyCompression) -> dict[int, bytes]:
    """Return what an image says that lost values: a new identity, whence, and how. PS3.3 C.7.6.1.1.5."""
    stored = {element.tag: _stored_text(buffer, element) for element in elements if element.tag in _QUOTED}
    _, *image_type = (stored.get(_IMAGE_TYPE) or "\\PRIMARY").split("\\")
    referenced = (0x00081150, stored.get(_SOP_CLASS, "")), (0x00081155, stored.get(_SOP_INSTANCE, ""))
    code = (0x00080100, "SH", "113040"), (0x00080102, "SH", "DCM"), (0x00080104, "LO", "Lossy Compression")
    statements = {
        _IMAGE_TYPE: ("CS", "\\".join(["DERIVED", *image_type])),
        _SOP_INSTANCE: ("UI", lossy.sop_instance_uid),
        _DERIVATION_DESCRIPTION: ("ST", lossy.description),
        _LOSSY: ("CS", "01"),
        _RATIO: ("DS", _appended(stored.get(_RATIO), f"{lossy.ratio:.4g}")),
        _METHOD: ("CS", _appended(stored.get(_METHOD), lossy.method)),
    }
    return {tag: _text(tag, name, value) for tag, (name, value) in statements.items()} | {
        _SOURCE_IMAGE: _sequence(_SOURCE_IMAGE, [_text(tag, "UI", uid) for tag, uid in referenced]),
        _DERIVATION_CODE: _sequence(_DERIVATION_CODE, [_text(*attribute) for attribute in code]),
    }


def _references(buffer: Buffer, elements: Sequence[Element]) -> Iterable[bytes | Value]:
    """Return the list of what an image that lost values refers to, with its source. PS3.3 C.12.2."""
    stored = {element.tag: element for element in elements}
    tags = (_SERIES_INSTANCE, _SOP_CLASS, _SOP_INSTANCE)
    source = Reference(*(_stored_text(buffer, stored[tag]) if tag in stored else "" for tag in tags))
    return referenced_series(buffer, stored.get(REFERENCED_SERIES), source)


_QUOTED = frozenset((_IMAGE_TYPE, _SOP_CLASS, _SOP_INSTANCE, _RATIO, _METHOD))


def _stored_text(buffer: Buffer, element: Element) -> str:
    raw = bytes(buffer[element.offset : element.offset + min(element.length, 1024)])
    return raw.decode("latin-1").strip(" \0")


def _appended(history: str | None, value: str) -> str:
    return f"{history}\\{value}" if history else value


def _text(tag: int, name: str, value: str) -> bytes:
    return encoded(tag, name, value.encode("latin-1"))


def _sequence(tag: int, elements: Sequence[bytes]) -> bytes:
    """Return a sequence of one item."""
    content = b"".join(elements)
    return encoded(tag, "SQ", ITEM_TAG + struct.pack("<L", len(content)) + content)


def _holds_code_streams(element: Element) -> bool:
    """Tell an Icon Image Sequence in the transfer syntax that the data set is leaving. PS3.3 C.7.6.1.1.6."""
    waiting = list(element.items or ())
    while waiting:
        for inner in waiting.pop().elements:
            if inner.fragments is not None:
                return True
            waiting.extend(inner.items or ())
    return False
