"""In which transfer syntax an instance goes out: as it is stored where that is taken, else what can be made.

What is stored without compression can go in Explicit and Implicit VR Little Endian; what is compressed as
WADO-RS transcodes it: decoded, or losslessly compressed in another way.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from service.archive.files.blobs import Blobs
from service.archive.files.reading.data_sets import as_stored, in_little_endian, without_vrs
from service.archive.instance import Instance
from service.dimse.network.negotiation import Context
from service.dimse.outgoing.transcoding import Transcoding
from service.errors import NotAcceptable
from service.imaging.transcoder import is_lossy
from service.transfer_syntaxes import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    IMPLICIT_VR_LITTLE_ENDIAN,
    TRANSFER_SYNTAXES,
    Kind,
)

MAX_CONTEXTS = 128  # of an association: PS3.8 9.3.2.2

_PLAIN = (EXPLICIT_VR_LITTLE_ENDIAN, IMPLICIT_VR_LITTLE_ENDIAN)


class Taken:
    """What the other side takes: presentation contexts by SOP class and transfer syntax."""

    def __init__(self, contexts: Iterable[tuple[Context, int]]) -> None:
        self._ids: dict[str, dict[str, int]] = {}
        for context, context_id in contexts:
            self._ids.setdefault(context.sop_class, {}).setdefault(context.transfer_syntax, context_id)

    def of(self, sop_class: str) -> Mapping[str, int]:
        """Return transfer syntaxes of a SOP class, each with the ID of its context."""
        return self._ids.get(sop_class, {})


def contexts_for(instances: Iterable[Instance]) -> list[Context]:
    """Return what is proposed for some instances: by SOP class what is stored, and what others become."""
    contexts: dict[Context, None] = {}
    for sop_class, syntax in dict.fromkeys((each.sop_class_uid, each.transfer_syntax) for each in instances):
        contexts |= {Context(sop_class, proposed): None for proposed in (syntax, *_PLAIN)}
    return list(contexts)


def rounds(instances: Iterable[Instance]) -> Iterator[list[Instance]]:
    """Yield instances such that an association can have the contexts of each lot: mostly all at once."""
    lot: list[Instance] = []
    contexts: set[Context] = set()
    for instance in instances:
        wanted = set(contexts_for([instance]))
        if len(contexts | wanted) > MAX_CONTEXTS:
            yield lot
            lot, contexts = [], set()
        lot.append(instance)
        contexts |= wanted
    if lot:
        yield lot


@contextmanager
def outgoing(
    blobs: Blobs, transcoding: Transcoding, instance: Instance, syntaxes: Collection[str]
) -> Iterator[tuple[str, Iterator[bytes]]]:
    """Lend a data set's chunks and their transfer syntax, one of those that are taken.

    Raises:
        NotAcceptable: none of them can be made.
        InstanceGone, DamagedFile, Unavailable: it cannot be read.
    """
    stored = instance.transfer_syntax
    if stored in syntaxes:
        with as_stored(blobs, instance) as chunks:
            yield stored, chunks
        return
    plain = next((syntax for syntax in _PLAIN if syntax in syntaxes), None)
    known = TRANSFER_SYNTAXES.get(stored)
    if plain and known is not None and known.kind is Kind.NATIVE:
        with in_little_endian(blobs, instance, implicit=plain == IMPLICIT_VR_LITTLE_ENDIAN) as chunks:
            yield plain, chunks
        return
    located = transcoding.located(instance)
    possible = transcoding.syntaxes(located)
    made = next((each for each in possible if each in syntaxes and not is_lossy(each)), None)
    if made:
        yield made, transcoding.chunks(located, made)
    elif IMPLICIT_VR_LITTLE_ENDIAN in syntaxes and EXPLICIT_VR_LITTLE_ENDIAN in possible:
        explicit = transcoding.chunks(located, EXPLICIT_VR_LITTLE_ENDIAN)
        with without_vrs(blobs, explicit) as chunks:
            yield IMPLICIT_VR_LITTLE_ENDIAN, chunks
    else:
        raise NotAcceptable(f"transfer syntax {stored} is not taken, nor what can be made of it")
