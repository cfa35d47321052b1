"""Why a search or a retrieve fails, as its status says it. PS3.4 C.4.1.1.4, C.4.2.1.5; PS3.7 C.5."""

from service.dimse.network.commands import comment
from service.errors import BadRequest, ContentTooLarge, DicomwebError, Unavailable

PENDING = 0xFF00
PENDING_WITH_UNSUPPORTED_KEYS = 0xFF01
CANCELLED = 0xFE00
LIMIT_REACHED = 0xB001
SOME_FAILED = 0xB000
OUT_OF_RESOURCES = 0xA700
TOO_MANY_MATCHES = 0xA701
NO_SUBOPERATIONS = 0xA702
DESTINATION_UNKNOWN = 0xA801
UNABLE_TO_PROCESS = 0xC000
IDENTIFIER_UNREADABLE = 0xC001
INVALID_KEY = 0xC002


class Failure(Exception):
    """An operation that is answered with a status of failure.

    Attributes:
        status: of the final response.
        comment: for its Error Comment; never a patient's name, ID or date.
    """

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.comment = comment(message)


def failure_of(error: DicomwebError) -> Failure:
    """Return the failure that an error of the service is."""
    if isinstance(error, ContentTooLarge):
        return Failure(OUT_OF_RESOURCES, "a key without an index matches too much; narrow the search")
    if isinstance(error, Unavailable):
        return Failure(OUT_OF_RESOURCES, error.message)
    if isinstance(error, BadRequest):
        return Failure(INVALID_KEY, error.message)
    return Failure(UNABLE_TO_PROCESS, error.message)
