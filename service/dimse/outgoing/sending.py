"""Instances go to a peer, over associations of our own: one for all of them, as long as it holds."""

import logging
from collections.abc import Generator
from dataclasses import dataclass

from service.archive import Archive
from service.archive.instance import Instance
from service.dimse.network.destination import Calling, hang_up
from service.dimse.network.peers import Peer
from service.dimse.network.wire import ConnectionLost
from service.dimse.outgoing.forms import contexts_for, rounds
from service.dimse.outgoing.suboperations import Originator, Outcome, Stored, Suboperations, taken_by
from service.dimse.outgoing.transcoding import Transcoding

Outcomes = Generator[Stored, None, None]

_CALLS = 2  # of a peer that breaks off

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends instances to peers.

    Attributes:
        archive: where they are.
        transcoding: what makes other transfer syntaxes of them.
        calling: how peers are called.
    """

    archive: Archive
    transcoding: Transcoding
    calling: Calling

    def each(self, peer: Peer, instances: list[Instance], originator: Originator | None = None) -> Outcomes:
        """Send instances to a peer, and yield what became of each.

        One that breaks off is called once more; one that cannot be called is not called again.
        """
        outcomes = 0
        try:
            for lot in rounds(instances):
                for stored in self._lot_sent(peer, lot, originator):
                    outcomes += 1
                    yield stored
        except ConnectionLost:
            _log.warning("a peer cannot be called, or takes none of what it is offered")
        for _ in instances[outcomes:]:
            yield Stored(Outcome.FAILED, "the peer cannot be called", may_pass=True)

    def _lot_sent(self, peer: Peer, lot: list[Instance], originator: Originator | None) -> Outcomes:
        begin = calls = 0
        while begin < len(lot):
            calls += 1
            if calls > _CALLS:
                raise ConnectionLost
            wire = self.calling.associate(peer, contexts_for(lot))
            suboperations = Suboperations(self.archive, self.transcoding, wire, taken_by(wire.association))
            try:
                for instance in lot[begin:]:
                    begin += 1
                    yield suboperations.store(instance, originator)
            except ConnectionLost:
                yield Stored(Outcome.FAILED, "the association broke off", may_pass=True)
            finally:
                hang_up(wire)
