"""What a scanner asks of storage commitment, and the reports that it takes. PS3.4 J."""

from queue import Queue

from pydicom import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import evt
from pynetdicom.pdu import P_DATA_TF

from tests.builders import EXPLICIT, part10
from tests.builders import data_set as dataset
from tests.dimse.calling import association, stored

COMMITMENT, INSTANCE = "1.2.840.10008.1.20.1", "1.2.840.10008.1.20.1.1"
ALL_KEPT, SOME_NOT = 1, 2
Report = tuple[int, Dataset]


def asked(transaction: str, *names: tuple[str, str]) -> Dataset:
    """Return what is asked for."""
    information = Dataset()
    information.TransactionUID = transaction
    information.ReferencedSOPSequence = [Dataset() for _ in names]
    for item, (sop_class, instance) in zip(information.ReferencedSOPSequence, names, strict=True):
        item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = sop_class, instance
    return information


def only_a_transaction() -> Dataset:
    """Return what asks for nothing."""
    information = Dataset()
    information.TransactionUID = "1.2"
    return information


def noting(reports: "Queue[Report]") -> list[evt.EventHandlerType]:
    """Return what takes reports, and notes each when it has been answered: who asked may hang up then."""
    unanswered: list[Report] = []

    def take(event: evt.Event) -> tuple[int, None]:
        assert event.event_type is not None
        unanswered.append((event.event_type, event.event_information))
        return 0, None

    def note(event: evt.Event) -> None:
        if isinstance(event.pdu, P_DATA_TF) and unanswered:
            reports.put(unanswered.pop())

    return [(evt.EVT_N_EVENT_REPORT, take), (evt.EVT_PDU_SENT, note)]


def store(port: int, uid: str, calling: str = "SCANNER") -> None:
    """Store an instance."""
    with association(port, [(MRImageStorage, [EXPLICIT])], calling) as caller:
        assert stored(caller, part10(dataset(uid))) == (0, "")
