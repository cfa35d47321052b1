"""Studies that are to be sent, from their rows: by who serves DIMSE, and tried again for a day."""

import logging
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from time import monotonic

from service.archive.index.engine.database import Database
from service.archive.index.errands.sendings import (
    Sending,
    Tally,
    any_due,
    claim_sending,
    finish_sending,
    note_progress,
    postpone_sending,
)
from service.archive.index.lookups.lookup import find_all
from service.archive.instance import Instance
from service.dimse.network.peers import Peer
from service.dimse.outgoing.sending import Sender
from service.dimse.outgoing.suboperations import Outcome, Stored
from service.errors import DicomwebError, NotFound
from service.scope import EVERYTHING

LEASE = 120.0  # seconds
_AT_ONCE = 3  # studies, so that a peer that does not answer keeps none of others waiting
_PAUSE = 1.0  # seconds between two looks for what is due
_LAST = 5.0  # seconds for what is under way when the end comes
_NOTED = 2.0  # seconds between two notes of how far one has come
_log = logging.getLogger(__name__)

OnProgress = Callable[[Tally], None]


class Sendings:
    """Sends what is due.

    Args:
        index: that has the rows.
        sender: what sends instances.
        named: a peer by its name, if it can be called.
    """

    def __init__(self, index: Database, sender: Sender, named: Callable[[str], Peer | None]) -> None:
        self._index = index
        self._sender = sender
        self._named = named
        self._is_ending = threading.Event()
        self._threads = [
            threading.Thread(target=self._run, name="sendings", daemon=True) for _ in range(_AT_ONCE)
        ]

    def begin(self) -> None:
        """Send what is due, from now on."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Send no more."""
        self._is_ending.set()
        end = monotonic() + _LAST
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0, end - monotonic()))

    def send_due(self) -> int:
        """Send what is due; return how many there were."""
        number = 0
        while not self._is_ending.is_set() and self._index.read_now(any_due):
            sending = self._index.write_now(claim_sending, LEASE)
            if sending is None:
                break
            number += 1
            self.perform(sending)
        return number

    def perform(self, sending: Sending, on_progress: OnProgress = lambda _: None) -> str | None:
        """Send what a row asks for, and note what came of it; return a problem, None if there was none.

        Args:
            sending: that is the caller's.
            on_progress: is told after each instance.
        """
        try:
            instances = self._index.read_now(find_all, EVERYTHING, sending.study)
        except NotFound:
            self._index.write_now(finish_sending, sending, sending.tally, "the study is not here any more")
            return "the study is not here any more"
        peer = self._named(sending.peer)
        if peer is None:
            problem = f"nobody knows where {sending.peer} listens"
            self._index.write_now(postpone_sending, sending, sending.tally, sending.rest, problem)
            return problem
        return self._sent(sending, peer, instances, on_progress)

    def _sent(
        self, sending: Sending, peer: Peer, instances: list[Instance], on_progress: OnProgress
    ) -> str | None:
        wanted = [each for each in instances if sending.rest is None or each.uids.instance in sending.rest]
        tally = replace(
            sending.tally,
            instances=len(instances),
            failed=0 if sending.rest is None else sending.tally.failed,
            completed=len(instances) - len(wanted) if sending.rest is not None else 0,
            warnings=0 if sending.rest is None else sending.tally.warnings,
        )
        rest, problem, noted = list[str](), "", monotonic()
        with closing(self._sender.each(peer, wanted)) as outcomes:
            for number, (instance, stored) in enumerate(zip(wanted, outcomes, strict=True), 1):
                problem = stored.reason or problem
                if stored.may_pass:
                    rest.append(instance.uids.instance)
                else:
                    tally = _counted(tally, stored)
                on_progress(tally)
                if self._is_ending.is_set() and number < len(wanted):
                    rest += [each.uids.instance for each in wanted[number:]]
                    problem = "the server was ended"
                    break
                if monotonic() - noted > _NOTED:
                    sending, noted = self._index.write_now(note_progress, sending, tally, LEASE), monotonic()
        if rest:
            self._index.write_now(postpone_sending, sending, tally, rest, problem)
            return problem
        self._index.write_now(finish_sending, sending, tally, problem or None)
        return problem or None

    def _run(self) -> None:
        while not self._is_ending.wait(_PAUSE):
            try:
                self.send_due()
            except DicomwebError as error:
                _log.error("studies cannot be sent: %s", error.message)
            except Exception as error:
                _log.error("studies cannot be sent: %s", type(error).__name__)


def _counted(tally: Tally, stored: Stored) -> Tally:
    if stored.outcome is Outcome.FAILED:
        return replace(tally, failed=tally.failed + 1)
    warned = int(stored.outcome is Outcome.WARNING)
    return replace(tally, completed=tally.completed + 1, warnings=tally.warnings + warned)
