"""What became of instances that were to be stored, and which files that leaves."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from service.archive.index.writes.entering import Entered
from service.archive.index.writes.entry import IndexEntry
from service.archive.stores.arrivals import Arrival, refusal_of
from service.dicom.instance import (
    CANNOT_UNDERSTAND,
    DUPLICATE,
    NOT_AUTHORIZED,
    OUT_OF_RESOURCES,
    Uids,
    reason_of,
)
from service.errors import Refusal, Unavailable
from service.troubles import trouble

_log = logging.getLogger(__name__)
_DOOMED_WITH = (DUPLICATE, NOT_AUTHORIZED)  # reasons of refusals that doom the file in the same transaction


@dataclass(frozen=True, slots=True)
class Stored:
    """An instance that is in the archive now.

    Attributes:
        uids: its identity.
        sop_class_uid: (0008,0016).
        entered: whether it is new, was here already, or took another's place.
        warning: what was tolerated; empty if nothing.
    """

    uids: Uids
    sop_class_uid: str
    entered: Entered
    warning: str


Outcome = Stored | Refusal


def unread(error: Unavailable | OSError) -> Refusal:
    """Return the refusal of an instance that could not be read."""
    if isinstance(error, Unavailable):
        return Refusal(error.message, reason_of(error))
    if isinstance(error, FileNotFoundError | IsADirectoryError):
        return Refusal("it is no file, or a link to none", CANNOT_UNDERSTAND)
    _log.error("an instance could not be read: %s", error.strerror)
    return Refusal(trouble("the instance cannot be read", error).message, OUT_OF_RESOURCES)


def in_order(entries: Sequence[IndexEntry | Refusal], outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return what became of each entry, given those of the ones that are no refusals yet."""
    of_entries = iter(outcomes)
    return [next(of_entries) if isinstance(entry, IndexEntry) else entry for entry in entries]


def outcome_of(entry: IndexEntry, entered: Entered) -> Outcome:
    """Return what became of an instance that the index has taken, refused or denied."""
    if entered is Entered.REFUSED:
        message = "an instance with these UIDs and other content is stored already, and stays"
        return refusal_of(entry, message, DUPLICATE)
    if entered is Entered.DENIED:
        return refusal_of(entry, "not authorized to store this instance", NOT_AUTHORIZED)
    parsed = entry.parsed
    return Stored(parsed.uids, parsed.sop_class_uid, entered, parsed.warning)


def leaves_a_file(arrival: Arrival, outcome: Outcome) -> bool:
    """Tell whether a file is doomed by what became of an arrival: its own, or the one that was there."""
    if isinstance(outcome, Stored):
        return arrival.entry.brings_its_file and outcome.entered is not Entered.STORED
    return outcome.reason in _DOOMED_WITH


def leaves_a_stray(outcome: Outcome) -> bool:
    """Tell whether a file may be in the tree that has no row and is not doomed."""
    return isinstance(outcome, Refusal) and outcome.reason not in _DOOMED_WITH
