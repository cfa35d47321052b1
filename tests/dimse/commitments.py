"""What a scanner asks of storage commitment, and the reports that it takes. PS3.4 J."""

from queue import Queue

from pydicom import Dataset
from pydicom.uid import MRImageStorage
from pynetdicom import evt

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
    """Return what takes reports."""

    def take(event: evt.Event) -> tuple[int, None]:
        assert event.event_type is not None
        reports.put((event.event_type, event.event_information))
        return 0, None

    return [(evt.EVT_N_EVENT_REPORT, take)]


def store(port: int, uid: str, calling: str = "SCANNER") -> None:
    """Store an instance."""
    with association(port, [(MRImageStorage, [EXPLICIT])], calling) as caller:
        assert stored(caller, part10(dataset(uid))) == (0, "")
