"""Where instances are moved to: a storage SCP that keeps what comes as it comes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynetdicom import AE, evt
from pynetdicom.association import Association

from service.dimse.network.peers import Peer


@dataclass(slots=True)
class Destination:
    """What a destination is sent.

    Attributes:
        peer: how it is called.
        data_sets: SOP Instance UID → transfer syntax and data set, as they came.
        associations: that were made with it.
        originators: of each instance: AE title and message ID.
    """

    peer: Peer
    data_sets: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    associations: list[Association] = field(default_factory=list)
    originators: set[tuple[str, int]] = field(default_factory=set)


@contextmanager
def destination(
    contexts: dict[str, Sequence[str]], answer: Callable[[evt.Event], int] = lambda _: 0
) -> Iterator[Destination]:
    """Run a destination that takes these SOP classes and transfer syntaxes."""
    entity = AE("STORE")
    for sop_class, syntaxes in contexts.items():
        entity.add_supported_context(sop_class, list(syntaxes))

    def store(event: evt.Event) -> int:
        request: Any = event.request
        kept.data_sets[request.AffectedSOPInstanceUID] = (
            event.context.transfer_syntax,
            request.DataSet.getvalue(),
        )
        title, number = request.MoveOriginatorApplicationEntityTitle, request.MoveOriginatorMessageID
        kept.originators.add((title, number))
        return answer(event)

    def accept(event: evt.Event) -> None:
        kept.associations.append(event.assoc)

    handlers: list[Any] = [(evt.EVT_C_STORE, store), (evt.EVT_ACCEPTED, accept)]
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=handlers)
    assert server is not None
    kept = Destination(Peer("store", "STORE", host="127.0.0.1", port=server.server_address[1]))
    try:
        yield kept
    finally:
        server.shutdown()
