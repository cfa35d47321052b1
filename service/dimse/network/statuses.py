"""What is answered: status words and their comments, PS3.7 C, PS3.4 B.2.3 and C.4."""

from typing import NamedTuple

SUCCESS = 0x0000
PROCESSING_FAILURE = 0x0110
SOP_CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORIZED = 0x0124
DOES_NOT_MATCH_SOP_CLASS = 0xA900


class Status(NamedTuple):
    """A status word.

    Attributes:
        code: of Status (0000,0900).
        comment: Error Comment (0000,0902); empty for none.
    """

    code: int
    comment: str = ""
