"""What is proposed for instances: all they can go out in, in no more contexts than an association has."""

from service.archive.instance import Instance
from service.dicom.instance import Uids
from service.dimse.network.negotiation import Context
from service.dimse.outgoing.forms import MAX_CONTEXTS, contexts_for, rounds
from tests.builders import BIG_ENDIAN, EXPLICIT, IMPLICIT, JPEG_2000


def instance(number: int, sop_class: str, syntax: str) -> Instance:
    uids = Uids("1", "1.1", f"1.1.{number}")
    return Instance(number, uids, sop_class, syntax, True, 1, b"", None)


def test_what_is_stored_is_proposed_first_and_then_what_it_can_become() -> None:
    contexts = contexts_for([instance(1, "1.2", JPEG_2000), instance(2, "1.2", EXPLICIT)])

    assert contexts == [Context("1.2", syntax) for syntax in (JPEG_2000, EXPLICIT, IMPLICIT)]


def test_many_sop_classes_are_sent_over_several_associations() -> None:
    instances = [
        instance(number, f"1.2.{number}", syntax)
        for number, syntax in enumerate((JPEG_2000, BIG_ENDIAN, IMPLICIT) * 40)
    ]

    lots = list(rounds(instances))

    assert [each for lot in lots for each in lot] == instances
    assert max(len(contexts_for(lot)) for lot in lots) <= MAX_CONTEXTS
    assert len(lots) == 3


def test_instances_of_one_kind_are_sent_over_one_association() -> None:
    instances = [instance(number, "1.2", EXPLICIT) for number in range(1000)]

    assert list(rounds(instances)) == [instances]
