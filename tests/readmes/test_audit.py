"""The event in deploy/README.md has the names that events have, in their order."""

import json

import orjson

from service.archive.index.owners.audit import Subject
from service.audit.event import Action, Actor, Outcome
from service.audit.windows import Amount, Deed, Windows
from tests.readmes.readme import READMES


def test_the_event_in_the_readme_is_one() -> None:
    [block] = [block for block in READMES["deploy/README.md"].blocks if block.language == "json"]
    windows = Windows(30)
    deed = Deed(Action.RETRIEVE, Outcome.SUCCESS, Actor("ann", "session", "192.0.2.7"), "1.2.3")
    window = windows.add(deed, Amount("1.2.3.4", "1.2.3.4.1", 1, 524288, "studies/series/instances/frames"))
    assert window is not None
    window.subject = Subject("1.2.3", "7", "Doe^Jane", "A7")
    window.last += 1
    [event] = windows.all()

    told, example = orjson.loads(event.line("dicomweb-service")), json.loads(block.text)

    assert list(example) == list(told)
    assert [name for name in example if example[name] != told[name]] == [
        "id",
        "time",
        "until",
        "instances",
        "frames",
        "requests",
        "bytes",
    ]
