"""A small node for tests: associations whose searches and retrieves are answered here, and clients of it."""

import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from pydicom import DataElement, Dataset
from pydicom.config import IGNORE
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.uid import UID
from pynetdicom import AE
from pynetdicom.association import Association
from pynetdicom.pdu_primitives import SOPClassExtendedNegotiation

from service.archive import Archive
from service.dimse.network.destination import Calling
from service.dimse.network.peers import ANYBODY, Peer, Peers
from service.dimse.node import Node, Options
from service.dimse.queries.information_models import FIND_CLASSES, ROOTS
from service.imaging.decoder import Decoder
from service.pixels.workers.pool import PixelWorkers
from service.threads import Threads
from tests.builders import EXPLICIT, IMPLICIT
from tests.waiting import PATIENCE

PATIENT_ROOT, STUDY_ROOT = ROOTS
CALLED = "ARCHIVE"


@contextmanager
def node(
    archive: Archive,
    peers: Iterable[Peer] = (),
    me: Peer = ANYBODY,
    *,
    max_results: int = 1000,
    seconds: float = PATIENCE,
) -> Iterator[int]:
    """Run a node on an archive, and yield its port.

    Args:
        archive: that it has.
        peers: who can be sent to.
        me: whom the client is taken for.
        max_results: of a search.
        seconds: that peers have to answer.
    """
    options = Options(CALLED, 20, 2**18, 2**30, PATIENCE, max_results)
    decoder = partial(Decoder, archive.blobs, PixelWorkers(1, 60), Threads(1), 2**20)
    known = Peers([replace(me, ae_title="CLIENT"), *peers])
    running = Node(archive, options, known, None, None, Calling(CALLED, seconds), decoder)
    listening = create_server(("127.0.0.1", 0))
    running.begin(listening)
    try:
        yield listening.getsockname()[1]
    finally:
        running.end(PATIENCE)


@contextmanager
def associated(
    port: int, *contexts: str, negotiation: bytes = b"", syntaxes: tuple[str, ...] = (EXPLICIT, IMPLICIT)
) -> Iterator[Association]:
    """Associate with a node, for these SOP classes."""
    entity = AE("CLIENT")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = PATIENCE
    for context in contexts:
        entity.add_requested_context(context, list(syntaxes))
    items: list[Any] = []
    for context in contexts if negotiation else ():
        item = SOPClassExtendedNegotiation()
        item.sop_class_uid = UID(context)
        item.service_class_application_information = negotiation
        items.append(item)
    association = entity.associate("127.0.0.1", port, ae_title=CALLED, ext_neg=items)
    assert association.is_established
    try:
        yield association
    finally:
        association.release()


def identifier(level: str, /, character_set: Any = "ISO_IR 192", **keys: Any) -> Dataset:
    """Return an identifier, given its keys by keyword."""
    dataset = Dataset()
    if character_set:
        dataset.SpecificCharacterSet = character_set
    dataset.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        number = tag_for_keyword(keyword) or 0
        dataset.add(DataElement(number, dictionary_VR(number), value, validation_mode=IGNORE))
    return dataset


def asked(
    port: int,
    keys: Dataset,
    sop_class: str = STUDY_ROOT.find,
    *,
    negotiation: bytes = b"",
    syntaxes: tuple[str, ...] = (EXPLICIT, IMPLICIT),
) -> tuple[list[Dataset], Dataset, set[int]]:
    """Search, and return the matches, the final status, and the statuses before it."""
    assert sop_class in FIND_CLASSES
    with associated(port, sop_class, negotiation=negotiation, syntaxes=syntaxes) as association:
        responses = list(association.send_c_find(keys, sop_class))
    *pending, (final, nothing) = responses
    assert nothing is None
    return [match for _, match in pending if match], final, {status.Status for status, _ in pending}


def tool(name: str) -> str:
    """Return where a tool of DCMTK is; a test that needs one is skipped without it.

    Ones of the same names came with pynetdicom, beside this Python.
    """
    own = Path(sys.executable).parent
    folders = [folder for folder in os.get_exec_path() if Path(folder) != own]
    path = shutil.which(name, path=os.pathsep.join(folders))
    if path is None:
        pytest.skip(f"{name} of DCMTK is not installed")
    return path
