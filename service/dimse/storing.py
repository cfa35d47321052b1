"""C-STORE: an instance that has come goes into the archive. PS3.4 B, PS3.7 9.1.1."""

import mmap
from contextlib import suppress

from service.archive import Archive
from service.archive.digests import digest_of
from service.archive.files.blobs import Blobs
from service.archive.files.reading.opened import opened
from service.archive.index.engine.witness import Witness
from service.archive.index.lookups.named import find_named
from service.archive.index.owners.labels import Owner
from service.archive.instance import Instance, Named
from service.archive.stores.outcomes import Outcome, Stored
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.instance import DUPLICATE, WARNING_DOES_NOT_MATCH_SOP_CLASS
from service.dimse.network import commands
from service.dimse.network.arriving import Arriving, StoreRequest
from service.dimse.network.statuses import NOT_AUTHORIZED, SUCCESS, Status
from service.dimse.network.visit import Visit
from service.errors import DicomwebError, Refusal
from service.metrics import Metrics
from service.permissions import Permission

_READ_BYTES = 2**20


class Storing:
    """Stores what associations bring; those that wait enter together.

    Args:
        archive: into which it goes.
        metrics: what counts; None if nothing is to be counted.
    """

    def __init__(self, archive: Archive, metrics: Metrics | None) -> None:
        self._archive = archive
        self._metrics = metrics

    def store(
        self, arriving: Arriving, visit: Visit, witness: Witness | None
    ) -> tuple[Status, Outcome | None]:
        """Store an instance that has come whole; return what to answer, and what became of it.

        A success means that it is on disk, in the index, and there after a power cut.
        """
        if not visit.may(Permission.WRITE):
            arriving.discard()
            return Status(NOT_AUTHORIZED, "not authorized to store"), None
        size = arriving.spool.size
        outcome: Outcome = arriving.refusal or self._stored(arriving, visit, witness)
        if self._metrics:
            self._metrics.stored(outcome.entered.value if isinstance(outcome, Stored) else "refused", size)
        return self._status(outcome, arriving, visit), outcome

    def _stored(self, arriving: Arriving, visit: Visit, witness: Witness | None) -> Outcome:
        peer = visit.peer
        owner = Owner(visit.scope, peer.tenant, witness)
        named = Named(arriving.sop_class, arriving.instance)
        return self._archive.store.batch([arriving.spool], owner=owner, names=[named])[0]

    def _status(self, outcome: Outcome, arriving: Arriving, visit: Visit) -> Status:
        if isinstance(outcome, Stored):
            code = WARNING_DOES_NOT_MATCH_SOP_CLASS if outcome.warning else SUCCESS
            return Status(code, outcome.warning)
        if outcome.reason == DUPLICATE and self._is_here(outcome, arriving, visit):
            return Status(SUCCESS)
        return Status(outcome.reason, outcome.message)

    def _is_here(self, refusal: Refusal, arriving: Arriving, visit: Visit) -> bool:
        """Tell whether the archive has the same data set in a file with another head."""
        with suppress(DicomwebError):
            instances = self._archive.index.read_now(find_named, visit.scope, [refusal.sop_instance_uid])
            return any(
                instance.transfer_syntax == arriving.transfer_syntax
                and data_set_digest(self._archive.blobs, instance) == arriving.digest
                for instance in instances
            )
        return False


def answered(request: StoreRequest, status: Status) -> commands.Command:
    """Return the command of a C-STORE-RSP. PS3.7 9.3.1.2."""
    command: dict[int, commands.Field] = {
        commands.COMMAND_FIELD: commands.C_STORE_RSP,
        commands.MESSAGE_ID_RESPONDED_TO: request.message_id,
        commands.AFFECTED_SOP_CLASS_UID: request.sop_class,
        commands.AFFECTED_SOP_INSTANCE_UID: request.instance,
        commands.STATUS: status.code,
    }
    if status.comment:
        command[commands.ERROR_COMMENT] = commands.comment(status.comment)
    return command


def data_set_digest(blobs: Blobs, instance: Instance) -> bytes:
    """Return the digest of a stored data set as it lies, without the head of its file.

    Raises:
        InstanceGone: it was deleted or replaced meanwhile.
        DamagedFile: it is not all there any more.
    """
    with (
        opened(blobs, instance) as file,
        file.whole() as descriptor,
        mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as mapped,
    ):
        start = read_file_meta(mapped).dataset_offset
        return digest_of(mapped[at : at + _READ_BYTES] for at in range(start, len(mapped), _READ_BYTES))
