"""Command sets, which go before the data sets of messages: PS3.7 6.3, 9.3, E.

They are written here, and straight to bytes: a search has thousands of answers, and a retrieve thousands of
requests, each with one.
"""

import struct
from collections.abc import Callable, Mapping
from typing import NamedTuple

Field = str | int | list[str]
Command = Mapping[int, Field]

AFFECTED_SOP_CLASS_UID = 0x00000002
COMMAND_FIELD = 0x00000100
MESSAGE_ID = 0x00000110
MESSAGE_ID_RESPONDED_TO = 0x00000120
PRIORITY = 0x00000700
DATA_SET_TYPE = 0x00000800
STATUS = 0x00000900
ERROR_COMMENT = 0x00000902
AFFECTED_SOP_INSTANCE_UID = 0x00001000
REMAINING, COMPLETED, FAILED, WARNING = 0x00001020, 0x00001021, 0x00001022, 0x00001023
MOVE_ORIGINATOR = 0x00001030
MOVE_ORIGINATOR_MESSAGE_ID = 0x00001031

C_STORE_RQ, C_STORE_RSP, C_FIND_RQ = 0x0001, 0x8001, 0x0020
C_FIND_RSP, C_GET_RSP, C_MOVE_RSP = 0x8020, 0x8010, 0x8021

NO_DATA_SET, WITH_DATA_SET = 0x0101, 0x0001
MAX_COMMENT = 64  # characters of an LO

_GROUP_LENGTH = 0x00000000
_C_STORE_RSP, _NO_DATA_SET = (number.to_bytes(2, "little") for number in (C_STORE_RSP, NO_DATA_SET))
_HEAD = struct.Struct("<HHL")


class StoreResponse(NamedTuple):
    """A C-STORE-RSP that has come. PS3.7 9.3.1.2.

    Attributes:
        message_id: of the request that it answers.
        status: None where it has none.
    """

    message_id: int
    status: int | None


def store_response(command: Mapping[int, bytes]) -> StoreResponse | None:
    """Return the response that a command set is; None if it is another message."""
    if command.get(COMMAND_FIELD) != _C_STORE_RSP or command.get(DATA_SET_TYPE) != _NO_DATA_SET:
        return None
    status = number_of(command, STATUS) if STATUS in command else None
    return StoreResponse(number_of(command, MESSAGE_ID_RESPONDED_TO), status)


def _uid(text: Field) -> bytes:
    raw = str(text).encode("ascii", "replace")
    return raw + b"\0" * (len(raw) % 2)


def _text(text: Field) -> bytes:
    raw = str(text).encode("ascii", "replace")
    return raw + b" " * (len(raw) % 2)


def _short(number: Field) -> bytes:
    assert isinstance(number, int)
    return struct.pack("<H", number)


_WRITERS: dict[int, Callable[[Field], bytes]] = {
    AFFECTED_SOP_CLASS_UID: _uid,
    AFFECTED_SOP_INSTANCE_UID: _uid,
    ERROR_COMMENT: _text,
    MOVE_ORIGINATOR: _text,
}


def encoded(command: Command) -> bytes:
    """Return a command set: Implicit VR Little Endian, ascending, its length first. PS3.7 6.3.1."""
    elements = bytearray()
    for tag in sorted(command):
        value = _WRITERS.get(tag, _short)(command[tag])
        elements += _HEAD.pack(tag >> 16, tag & 0xFFFF, len(value)) + value
    return struct.pack("<HHLL", 0, _GROUP_LENGTH, 4, len(elements)) + elements


def decoded(content: bytes) -> dict[int, bytes]:
    """Return the values of a command set.

    Raises:
        ValueError: it ends within an element.
    """
    values: dict[int, bytes] = {}
    offset = 0
    while offset < len(content):
        if len(content) - offset < _HEAD.size:
            raise ValueError("the command ends within an element")
        group, element, length = _HEAD.unpack_from(content, offset)
        offset += _HEAD.size + length
        if offset > len(content):
            raise ValueError("the command ends within an element")
        values[group << 16 | element] = content[offset - length : offset]
    return values


def text_of(command: Mapping[int, bytes], tag: int) -> str:
    """Return the text of a field without its padding; "" where it is missing."""
    return command.get(tag, b"").rstrip(b" \0").decode("ascii", "replace")


def number_of(command: Mapping[int, bytes], tag: int) -> int:
    """Return the number that a field has; 0 where it is missing."""
    return int.from_bytes(command.get(tag, b""), "little")


def comment(message: str) -> str:
    """Return as much of a message as an Error Comment can hold, in its repertoire."""
    text = message.encode("ascii", "replace").decode().replace("\\", "/")
    return text if len(text) <= MAX_COMMENT else text[: MAX_COMMENT - 3] + "..."
