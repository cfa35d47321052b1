"""A data set that a C-STORE brings, on its way into a spool: as a Part 10 file, PS3.10 7.1."""

from typing import NamedTuple

from service.archive.digests import Hash
from service.archive.files.spool import Spool
from service.dicom.encoding.explicit import file_head
from service.dicom.instance import TOO_LARGE, reason_of
from service.errors import Refusal, Unavailable


class StoreRequest(NamedTuple):
    """A C-STORE that has come.

    Attributes:
        message_id: of the request.
        sop_class: Affected SOP Class UID.
        instance: Affected SOP Instance UID.
        arriving: its data set.
    """

    message_id: int
    sop_class: str
    instance: str
    arriving: "Arriving"


class Arriving:
    """What has come of an instance.

    Args:
        spool: an empty one.
        sop_class: its SOP Class UID, as the command names it.
        instance: its SOP Instance UID, likewise.
        transfer_syntax: in which it is sent.
        max_bytes: that are taken.

    Attributes:
        refusal: why no more of it is taken; None if all is.
    """

    def __init__(
        self, spool: Spool, sop_class: str, instance: str, transfer_syntax: str, max_bytes: int
    ) -> None:
        self.sop_class = sop_class
        self.instance = instance
        self.transfer_syntax = transfer_syntax
        self.refusal: Refusal | None = None
        self._spool = spool
        self._max_bytes = max_bytes
        self._digest = Hash()
        spool.write(file_head(sop_class, instance, transfer_syntax))

    def write(self, chunk: bytes) -> None:
        """Add bytes of the data set; none once it is refused."""
        if self.refusal is not None:
            return
        spool = self._spool
        if spool.size + len(chunk) > self._max_bytes:
            self._refuse(
                f"the instance is larger than the {self._max_bytes} bytes this server takes", TOO_LARGE
            )
            return
        spool.write(chunk)
        self._digest.update(chunk)
        if spool.wants_flush:
            try:
                spool.flush()
            except Unavailable as error:
                self._refuse(error.message, reason_of(error))

    @property
    def spool(self) -> Spool:
        """The whole file."""
        return self._spool

    @property
    def digest(self) -> bytes:
        """The digest of the data set, without the head of the file."""
        return self._digest.digest()

    def discard(self) -> None:
        """Forget it."""
        self._spool.discard()

    def _refuse(self, message: str, reason: int) -> None:
        self.refusal = Refusal(message, reason, self.sop_class, self.instance)
        self._spool.discard()
