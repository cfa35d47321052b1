"""Messages of the audit as a receiver takes them apart: frame, head, and XML that the schema allows."""

import re
from base64 import b64decode
from pathlib import Path
from typing import Any, NamedTuple

from lxml import etree

SCHEMA = etree.RelaxNG(etree.parse(str(Path(__file__).parent / "audit_message.rng")))
_HEAD = re.compile(
    rb"<(?P<priority>\d{1,3})>1 (?P<time>\S+) (?P<host>\S+) (?P<app>\S+) (?P<process>\S+) (?P<kind>\S+) - "
    rb"\xef\xbb\xbf(?P<xml>.*)",
    re.DOTALL,
)


class Received(NamedTuple):
    """A message.

    Attributes:
        head: the fields of RFC 5424, `priority` to `kind`.
        xml: the message of PS3.15, which the schema allows.
    """

    head: dict[str, str]
    xml: Any

    @property
    def event(self) -> tuple[str, str, str]:
        """Event ID, Event Action Code and Event Outcome Indicator."""
        [event] = self.xml.findall("EventIdentification")
        code = event.find("EventID").get("csd-code")
        return code, event.get("EventActionCode"), event.get("EventOutcomeIndicator")

    @property
    def types(self) -> list[str]:
        """Event Type Codes."""
        return [code.get("csd-code") for code in self.xml.findall("EventIdentification/EventTypeCode")]

    @property
    def requestor(self) -> Any:
        """The Active Participant who asked."""
        [who] = [
            each for each in self.xml.findall("ActiveParticipant") if each.get("UserIsRequestor") == "true"
        ]
        return who

    def objects(self, code: str) -> list[Any]:
        """The Participant Objects whose ID is of this kind."""
        path = f"ParticipantObjectIdentification[ParticipantObjectIDTypeCode/@csd-code='{code}']"
        found: list[Any] = self.xml.xpath(path)
        return found

    def details(self) -> dict[str, str]:
        """The details of all Participant Objects."""
        return {
            detail.get("type"): b64decode(detail.get("value")).decode()
            for detail in self.xml.iter("ParticipantObjectDetail")
        }


def received(content: bytes) -> Received:
    """Return a message without its frame; one that is none fails the test."""
    head = _HEAD.fullmatch(content)
    assert head, content[:200]
    fields = {name: value.decode("ascii") for name, value in head.groupdict().items() if name != "xml"}
    return Received(fields, valid(head["xml"]))


def valid(xml: bytes) -> Any:
    """Return XML that the schema allows; other XML fails the test."""
    root = etree.fromstring(xml)
    assert SCHEMA.validate(root), f"{SCHEMA.error_log}\n{xml.decode()}"
    return root
