"""The elements of one group at the beginning of a file, as group 0002 is."""

from service.dicom.encoding.elements import EXPLICIT_LITTLE, MAX_ELEMENTS, Buffer, Element, Truncated
from service.dicom.encoding.headers import HEADER_READERS, encoding_at
from service.dicom.encoding.limits import too_many


def walk_group(buffer: Buffer, start: int, group: int) -> tuple[list[Element], int]:
    """Return the elements of one leading group, as of group 0002, and the position after them.

    Raises:
        Truncated: the buffer ends inside an element.
    """
    encoding = encoding_at(buffer, start, len(buffer), EXPLICIT_LITTLE)
    elements: list[Element] = []
    read, position = HEADER_READERS[encoding], start
    while position + 8 <= len(buffer):
        tag, vr, offset, length = read(buffer, position)
        if tag >> 16 != group:
            break
        position = offset + length
        if len(elements) > MAX_ELEMENTS:
            raise too_many()
        if position > len(buffer):
            raise Truncated(f"the file ends inside ({group:04X},{tag & 0xFFFF:04X})")
        elements.append(Element(tag, vr, offset, length))
    return elements, position
