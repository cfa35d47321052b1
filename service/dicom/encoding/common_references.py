"""The instances that an image refers to, by series: the Common Instance Reference Module, PS3.3 C.12.2."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import chain
from operator import itemgetter
from typing import NamedTuple

from service.dicom.encoding.elements import Buffer, Element, Item
from service.dicom.encoding.explicit import (
    Value,
    elements_in_explicit_little_endian,
    encoded,
    sequence,
)
from service.dicom.encoding.vr import Context

Pieces = Iterable[bytes | Value]

REFERENCED_SERIES = 0x00081115
_REFERENCED_INSTANCES = 0x0008114A
_SERIES, _SOP_CLASS, _SOP_INSTANCE = 0x0020000E, 0x00081150, 0x00081155


class Reference(NamedTuple):
    """An instance of the same study."""

    series: str
    sop_class: str
    sop_instance: str

    def item(self) -> bytes:
        """Return the item that names the instance. PS3.3 Table 10-11."""
        return _uid(_SOP_CLASS, self.sop_class) + _uid(_SOP_INSTANCE, self.sop_instance)


def referenced_series(buffer: Buffer, stored: Element | None, reference: Reference) -> Pieces:
    """Return Referenced Series Sequence with one more reference, in Explicit VR Little Endian.

    Args:
        buffer: which the element's offsets refer to.
        stored: the sequence as it is; None without one.
        reference: that is added, in the item of its series if there is one.
    """
    items = list(stored.items or ()) if stored else []
    series = [_series_of(buffer, item) for item in items]
    described: list[Pieces] = [
        _extended(buffer, item, reference) if uid == reference.series else _kept(buffer, item)
        for uid, item in zip(series, items, strict=True)
    ]
    if reference.series not in series:
        instances = sequence(_REFERENCED_INSTANCES, [[reference.item()]])
        described.append((*instances, _uid(_SERIES, reference.series)))
    return sequence(REFERENCED_SERIES, described)


def _extended(buffer: Buffer, item: Item, reference: Reference) -> Iterator[bytes | Value]:
    """Yield the item of a series with one more instance."""
    elements = list(item.elements)
    lists = (element.items or () for element in elements if element.tag == _REFERENCED_INSTANCES)
    instances = [*(_kept(buffer, instance) for instance in chain(*lists)), [reference.item()]]
    parts = elements_in_explicit_little_endian(buffer, elements, item.encoding, Context())
    others = (part for part in parts if part[0] != _REFERENCED_INSTANCES)
    new = [(_REFERENCED_INSTANCES, sequence(_REFERENCED_INSTANCES, instances))]
    for _, pieces in merge(new, others, key=itemgetter(0)):
        yield from pieces


def _kept(buffer: Buffer, item: Item) -> Iterator[bytes | Value]:
    for _, pieces in elements_in_explicit_little_endian(buffer, item.elements, item.encoding, Context()):
        yield from pieces


def _series_of(buffer: Buffer, item: Item) -> str:
    uids = (element for element in item.elements if element.tag == _SERIES)
    return next((_text(buffer, element) for element in uids), "")


def _text(buffer: Buffer, element: Element) -> str:
    raw = bytes(buffer[element.offset : element.offset + min(element.length, 64)])
    return raw.decode("latin-1").strip(" \0")


def _uid(tag: int, uid: str) -> bytes:
    return encoded(tag, "UI", uid.encode("latin-1"))
