"""The DICOM JSON Model → the Native DICOM Model, its XML. PS3.19 A.1, PS3.18 Annex F.

Both say the same, so that metadata and search results, which are kept as JSON, need no second conversion from
a file. Some control characters are text in JSON, but not in XML 1.0: each becomes U+FFFD.

Attributes of a private block are named by its creator, without its number: gggg00ee. The elements that
reserve the blocks are there too, and tell a reader the numbers. Should a creator have a second block in a
group, its attributes keep the number: gggg11ee.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache
from itertools import chain, islice
from typing import Any

from pydicom.datadict import keyword_for_tag

from service.dicom.dictionary import tag_name
from service.dicom.xml.private_blocks import Blocks
from service.dicom_json import NAME_GROUPS, DicomJson

NAMESPACE = "http://dicom.nema.org/PS3.19/models/NativeDICOM"
NAME_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")

_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<NativeDicomModel xmlns="{NAMESPACE}" xml:space="preserve">'
_END = "</NativeDicomModel>"
_WITHOUT_BLOCK = 0xFFFF00FF
_CHARACTERS_AT_ONCE = 2**18
_PIECE = 64  # that a piece takes in memory besides its characters
_VALUES_AT_ONCE = 1024  # of one attribute: written by one call, and looked through for what has to be escaped

# A parser would make a line feed of a carriage return, unless it is a reference.
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\r": "&#13;"}
_SPECIAL = re.compile('[&<>"\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]')


def write_xml(data_set: DicomJson) -> bytes:
    """Return a data set, given as a DICOM JSON object, as an XML document in UTF-8.

    Args:
        data_set: with absolute Bulkdata URIs; nested no deeper than what this service stores.

    Standard: PS3.19 A.1.
    """
    return b"".join(xml_pieces(data_set))


def xml_pieces(data_set: DicomJson) -> Iterator[bytes]:
    """Yield the document that `write_xml` returns, a piece at a time."""
    some, characters = [], 0
    for piece in chain((_HEAD,), _data_set(data_set), (_END,)):
        some.append(piece)
        characters += len(piece) + _PIECE
        if characters >= _CHARACTERS_AT_ONCE:
            yield "".join(some).encode()
            some, characters = [], 0
    yield "".join(some).encode()


def _data_set(data_set: DicomJson) -> Iterator[str]:
    blocks = Blocks()
    for name, element in sorted(data_set.items()):
        tag, vr = int(name, 16), element["vr"]
        blocks.reserve(tag, element)
        creator = blocks.creator(tag)
        yield _private_start(tag, vr, creator, blocks) if creator else _start(name, vr)
        yield from _content(vr, element)
        yield "</DicomAttribute>"


@lru_cache(maxsize=4096)
def _start(name: str, vr: str) -> str:
    """Return the tag that opens an attribute of the Standard, or one whose creator nobody knows."""
    keyword = keyword_for_tag(name)
    named = f' keyword="{keyword}"' if keyword else ""
    return f'<DicomAttribute tag="{name}" vr="{vr}"{named}>'


def _private_start(tag: int, vr: str, creator: str, blocks: Blocks) -> str:
    """Return the tag that opens an attribute of a private block."""
    short = tag & _WITHOUT_BLOCK
    name = tag_name(short if blocks.find(short, creator) == tag >> 8 else tag)
    return f'<DicomAttribute tag="{name}" vr="{vr}" privateCreator="{_escaped(creator)}">'


def _content(vr: str, element: DicomJson) -> Iterator[str]:
    if "BulkDataURI" in element:
        yield f'<BulkData uri="{_escaped(element["BulkDataURI"])}"/>'
    elif "InlineBinary" in element:
        yield f"<InlineBinary>{element['InlineBinary']}</InlineBinary>"
    else:
        yield from _WRITERS.get(vr, _values)(element.get("Value", ()))


def _items(items: Iterable[DicomJson]) -> Iterator[str]:
    for number, item in enumerate(items, 1):
        yield f'<Item number="{number}">'
        yield from _data_set(item)
        yield "</Item>"


def _values(values: Iterable[Any]) -> Iterator[str]:
    """Yield values, many at a time; null is an empty one, so that those after it keep their numbers."""
    remaining, number = iter(values), 1
    while some := list(islice(remaining, _VALUES_AT_ONCE)):
        texts = ["" if value is None else str(value) for value in some]
        if _SPECIAL.search("".join(texts)):
            texts = [_escaped(text) for text in texts]
        yield "".join([f'<Value number="{n}">{text}</Value>' for n, text in enumerate(texts, number)])
        number += len(texts)


def _names(names: Iterable[dict[str, str] | None]) -> Iterator[str]:
    for number, groups in enumerate(names, 1):
        parts = (
            f"<{group}>{_components(groups[group])}</{group}>"
            for group in NAME_GROUPS
            if groups and group in groups
        )
        yield f'<PersonName number="{number}">{"".join(parts)}</PersonName>'


def _components(group: str) -> str:
    """Return the components of a name's group; what is beyond the fifth belongs to it."""
    components = zip(NAME_COMPONENTS, group.split("^", len(NAME_COMPONENTS) - 1), strict=False)
    return "".join(f"<{name}>{_escaped(text)}</{name}>" for name, text in components if text)


def _escaped(text: str) -> str:
    return _SPECIAL.sub(_reference, text)


def _reference(special: re.Match[str]) -> str:
    return _ESCAPES.get(special[0], "\ufffd")


_WRITERS: dict[str, Callable[[Iterable[Any]], Iterator[str]]] = {"SQ": _items, "PN": _names}
