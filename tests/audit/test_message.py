"""Messages of PS3.15 A.5: of every action and outcome, and of whatever people and files are called."""

from base64 import b64decode
from typing import Any

import pytest

from service.archive.index.owners.audit import Subject
from service.audit.event import Action, Actor, Event, Outcome
from service.audit.message import message_of
from service.audit.sinks import Source, Syslog
from tests.audit.messages import Received, received, valid

DOE = Subject("1.2.3", "7", "Doe^Jane", "A7")
ANN = Actor("ann", "key", "192.0.2.7")
SOURCE = Source("pacs", "host.example", "4711")


def event(
    action: Action = Action.RETRIEVE,
    outcome: Outcome = Outcome.SUCCESS,
    actor: Actor = ANN,
    status: int | None = 200,
    subject: Subject | None = DOE,
    **details: Any,
) -> Event:
    return Event(action, outcome, actor, 1_800_000_000.5, 1_800_000_030, status, subject, details)


def told(of: Event) -> Received:
    return received(Syslog("syslog+udp://localhost", "localhost", 514, None).content(of, SOURCE))


@pytest.mark.parametrize("action", Action, ids=lambda action: action.value)
@pytest.mark.parametrize("outcome", Outcome, ids=lambda outcome: outcome.value)
@pytest.mark.parametrize("subject", [DOE, Subject("1.2.3"), None], ids=["patient", "study", "nothing"])
@pytest.mark.parametrize("status", [None, 200, 403], ids=str)
def test_every_message_is_one_that_the_schema_allows(
    action: Action, outcome: Outcome, subject: Subject | None, status: int | None
) -> None:
    of = event(action, outcome, subject=subject, status=status, query="/studies?PatientName=Doe*")

    valid(message_of(of, "pacs", "4711"))


@pytest.mark.parametrize(
    ("action", "code", "what", "types"),
    [
        (Action.START, "110100", "E", ["110120"]),
        (Action.STOP, "110100", "E", ["110121"]),
        (Action.SIGN_IN, "110114", "E", ["110122"]),
        (Action.SIGN_OUT, "110114", "E", ["110123"]),
        (Action.STORE, "110104", "C", []),
        (Action.IMPORT, "110107", "C", []),
        (Action.QUERY, "110112", "E", []),
        (Action.RETRIEVE, "110104", "R", []),
        (Action.EXPORT, "110106", "R", []),
        (Action.DELETE, "110103", "D", []),
        (Action.MAKE_LINK, "110113", "E", ["110135"]),
        (Action.MAKE_KEY, "110113", "E", ["110137"]),
        (Action.READ_AUDIT, "110101", "R", []),
        (Action.CHANGE_WEBHOOK, "110113", "E", ["110128"]),
        (Action.LIST_WEBHOOKS, "110103", "R", []),
        (Action.LIST_SENDINGS, "110103", "R", []),
    ],
    ids=lambda value: value.value if isinstance(value, Action) else "",
)
def test_an_action_has_the_codes_of_the_standard(
    action: Action, code: str, what: str, types: list[str]
) -> None:
    message = told(event(action))

    assert message.event == (code, what, "0")
    assert message.types == types


def test_a_study_that_is_gone_as_a_whole_has_a_message_of_its_own() -> None:
    message = told(event(Action.DELETE, wholeStudy=True, instances=3))

    assert message.event == ("110105", "D", "0")


def test_who_is_not_known_has_failed_to_sign_in_and_who_may_not_has_tried_what_is_restricted() -> None:
    unknown = told(event(Action.RETRIEVE, Outcome.REFUSED, Actor("", "nothing", "192.0.2.7"), 401))
    known = told(event(Action.DELETE, Outcome.REFUSED, status=403))

    assert (unknown.event, unknown.types) == (("110114", "E", "8"), ["110122"])
    assert (known.event, known.types) == (("110113", "E", "8"), ["110132"])


def test_a_message_names_who_asked_from_where_and_which_study_of_which_patient() -> None:
    message = told(event(series=["1.2.3.4"], instances=3, frames=500))

    assert message.requestor.get("UserID") == "ann"
    assert message.requestor.get("NetworkAccessPointID") == "192.0.2.7"
    assert message.requestor.get("NetworkAccessPointTypeCode") == "2"
    [study], [patient] = message.objects("110180"), message.objects("2")
    assert study.get("ParticipantObjectID") == "1.2.3"
    assert study.find(".//Accession").get("Number") == "A7"
    assert study.find(".//SOPClass").get("NumberOfInstances") == "3"
    assert patient.get("ParticipantObjectID") == "7"
    assert patient.findtext("ParticipantObjectName") == "Doe^Jane"
    assert message.details()["frames"] == "500"
    assert message.details()["series"] == "1.2.3.4"


def test_a_query_has_its_keys() -> None:
    message = told(event(Action.QUERY, subject=None, query="/studies?PatientName=Dö*"))

    [query] = message.objects("110181")
    assert b64decode(query.findtext("ParticipantObjectQuery")).decode() == "/studies?PatientName=Dö*"


def test_instances_that_are_stored_come_from_who_stores_them() -> None:
    [stored, retrieved] = [told(event(action)) for action in (Action.STORE, Action.RETRIEVE)]

    assert stored.requestor.find("RoleIDCode").get("csd-code") == "110153"
    assert retrieved.requestor.find("RoleIDCode").get("csd-code") == "110152"


def test_the_head_says_what_the_standard_has_it_say() -> None:
    refused, fine = told(event(outcome=Outcome.REFUSED, status=403)), told(event())

    assert fine.head == {
        "priority": str(10 * 8 + 5),
        "time": "2027-01-15T08:00:00.500Z",
        "host": "host.example",
        "app": "pacs",
        "process": "4711",
        "kind": "DICOM+RFC3881",
    }
    assert refused.head["priority"] == str(10 * 8 + 4)


@pytest.mark.parametrize(
    "name",
    ['<Doe>&"Jane"', "Döe^Jäne=山田^太郎", "a\x00b\x1bc", "\ud800", "line\nbreak", ""],
    ids=ascii,
)
def test_whatever_somebody_is_called_the_message_stays_xml(name: str) -> None:
    of = event(actor=Actor(name, "session", "proxy name"), subject=Subject("1.2.3", name, name, name))

    valid(message_of(of, "pacs", "4711"))
