"""Events as audit messages: PS3.15 A.5, in XML."""

import xml.etree.ElementTree as ET  # only to write
from base64 import b64encode
from ipaddress import ip_address
from typing import Any

from service.archive.index.owners.audit import Subject
from service.audit import codes
from service.audit.codes import Code, Kind
from service.audit.event import Action, Actor, Event, Outcome, moment

_WEB_SERVER = "3"  # Audit Source Type Code
_SUCCESS, _MINOR_FAILURE, _SERIOUS_FAILURE = "0", "4", "8"
_STUDY_ROOT_FIND = "1.2.840.10008.5.1.4.1.2.2.1"  # what a search of QIDO-RS is in DIMSE: PS3.18 Annex
_SYSTEM_OBJECT, _PERSON = "2", "1"
_PATIENT, _REPORT, _SECURITY_USER, _SECURITY_RESOURCE = "1", "3", "11", "13"
_NOT_XML = {code: "\ufffd" for code in range(32) if chr(code) not in "\t\n\r"} | dict.fromkeys(
    (*range(0xD800, 0xE000), 0xFFFE, 0xFFFF), "\ufffd"
)
_IP_ADDRESS, _MACHINE_NAME = "2", "1"


def message_of(event: Event, source: str, process: str) -> bytes:
    """Return the message that tells of an event.

    Args:
        event: that is told of.
        source: Audit Source ID of this service.
        process: its process, by which the system knows it.
    """
    kind = _kind(event)
    root = ET.Element("AuditMessage")
    _identify(root, event, kind)
    _participants(root, event, kind, source, process)
    of_source = _element(root, "AuditSourceIdentification", AuditSourceID=source)
    _element(of_source, "AuditSourceTypeCode", **{"csd-code": _WEB_SERVER})
    _objects(root, event, kind)
    content: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return content


def _kind(event: Event) -> Kind:
    if event.outcome is Outcome.REFUSED and event.status == 403:
        return codes.REFUSED
    if event.outcome is Outcome.REFUSED:
        return codes.KINDS[Action.AUTHENTICATE]
    if event.action is Action.DELETE and event.details.get("wholeStudy"):
        return codes.STUDY_DELETED
    return codes.KINDS[event.action]


def _identify(root: ET.Element, event: Event, kind: Kind) -> None:
    outcome = {Outcome.SUCCESS: _SUCCESS, Outcome.REFUSED: _SERIOUS_FAILURE}.get(
        event.outcome, _MINOR_FAILURE
    )
    element = _element(
        root,
        "EventIdentification",
        EventActionCode=kind.action,
        EventDateTime=moment(event.begin),
        EventOutcomeIndicator=outcome,
    )
    _coded(element, "EventID", kind.event)
    for code in kind.types:
        _coded(element, "EventTypeCode", code)
    description = event.outcome.value + (f", HTTP status {event.status}" if event.status else "")
    _element(element, "EventOutcomeDescription").text = description


def _participants(root: ET.Element, event: Event, kind: Kind, source: str, process: str) -> None:
    """Name who did it, and this service: where instances go, which of them sends."""
    is_transfer = kind.event.value in ("110104", "110106", "110107")
    roles = (codes.SOURCE, codes.DESTINATION) if kind.brings else (codes.DESTINATION, codes.SOURCE)
    is_own = event.action in (Action.START, Action.STOP)
    if not is_own:
        _participant(root, event.actor, roles[0] if is_transfer else None)
    service = _element(
        root, "ActiveParticipant", UserID=source, AlternativeUserID=process, UserIsRequestor="false"
    )
    _coded(service, "RoleIDCode", roles[1] if is_transfer else codes.APPLICATION)


def _participant(root: ET.Element, actor: Actor, role: Code | None) -> None:
    attributes = {"UserID": actor.name or "unknown", "AlternativeUserID": actor.means}
    attributes |= {"UserName": actor.name} if actor.name else {}
    attributes["UserIsRequestor"] = "true"
    if actor.address:
        attributes["NetworkAccessPointID"] = actor.address
        attributes["NetworkAccessPointTypeCode"] = _access_point(actor.address)
    element = _element(root, "ActiveParticipant", **attributes)
    if role:
        _coded(element, "RoleIDCode", role)


def _objects(root: ET.Element, event: Event, kind: Kind) -> None:
    """Name what it is about: the query, the study and its patient, the key; else nothing."""
    if event.action is Action.QUERY:
        query = _object(root, _STUDY_ROOT_FIND, _SYSTEM_OBJECT, _REPORT, codes.SOP_CLASS_UID)
        content = str(event.details.get("query", "")).encode()
        _element(query, "ParticipantObjectQuery").text = b64encode(content).decode()
        _details(query, event)
    if event.subject is not None:
        _study(root, event, event.subject, kind)
        if event.subject.patient_id or event.subject.patient_name:
            _patient(root, event.subject)
    elif event.action is not Action.QUERY and kind.event.value in ("110113", "110101"):
        role = _SECURITY_USER if event.action in (Action.MAKE_KEY, Action.REVOKE_KEY) else _SECURITY_RESOURCE
        name = str(event.details.get("key") or event.action.value)
        resource = _object(root, name, _SYSTEM_OBJECT, role, codes.NODE_ID)
        _element(resource, "ParticipantObjectName").text = _text(name)
        _details(resource, event)


def _study(root: ET.Element, event: Event, subject: Subject, kind: Kind) -> None:
    element = _object(
        root, subject.study, _SYSTEM_OBJECT, _REPORT, codes.STUDY_UID, life_cycle=kind.life_cycle
    )
    _element(element, "ParticipantObjectName").text = subject.study
    _details(element, event)
    description = _element(element, "ParticipantObjectDescription")
    if subject.accession_number:
        _element(description, "Accession", Number=subject.accession_number)
    if instances := event.details.get("instances"):
        _element(description, "SOPClass", NumberOfInstances=str(instances))


def _patient(root: ET.Element, subject: Subject) -> None:
    number = subject.patient_id or subject.patient_name
    element = _object(root, number, _PERSON, _PATIENT, codes.PATIENT_NUMBER)
    _element(element, "ParticipantObjectName").text = _text(subject.patient_name or number)


def _object(
    root: ET.Element, identity: str, kind: str, role: str, code: Code, life_cycle: str = ""
) -> ET.Element:
    attributes = {
        "ParticipantObjectID": identity,
        "ParticipantObjectTypeCode": kind,
        "ParticipantObjectTypeCodeRole": role,
    }
    if life_cycle:
        attributes["ParticipantObjectDataLifeCycle"] = life_cycle
    element = _element(root, "ParticipantObjectIdentification", **attributes)
    _coded(element, "ParticipantObjectIDTypeCode", code)
    return element


def _details(element: ET.Element, event: Event) -> None:
    """Tell all details; their values are in base64, as the schema has them."""
    values: dict[str, Any] = {"action": event.action.value, "id": event.identity}
    values |= {"until": moment(event.end)} if event.end > event.begin else {}
    for name, value in (values | dict(event.details)).items():
        if name == "query":
            continue
        text = " ".join(map(str, value)) if isinstance(value, list) else str(value)
        _element(element, "ParticipantObjectDetail", type=name, value=b64encode(text.encode()).decode())


def _coded(parent: ET.Element, name: str, code: Code) -> None:
    attributes = {"csd-code": code.value, "codeSystemName": code.scheme, "originalText": code.meaning}
    _element(parent, name, **attributes)


def _element(parent: ET.Element, name: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, name, {key: _text(value) for key, value in attributes.items()})


def _text(text: str) -> str:
    """Return text that XML can hold."""
    return text.translate(_NOT_XML)


def _access_point(address: str) -> str:
    try:
        ip_address(address)
    except ValueError:
        return _MACHINE_NAME
    return _IP_ADDRESS
