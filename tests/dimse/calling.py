"""Calls of a scanner or a workstation: associations of pynetdicom's own, and what DCMTK's programs say."""

import ssl
import struct
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from io import BytesIO
from time import sleep

import pydicom
from pydicom.uid import UID
from pynetdicom import evt
from pynetdicom.ae import ApplicationEntity
from pynetdicom.association import Association
from pynetdicom.dimse_primitives import C_STORE
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation

from tests.dimse.nodes import tool
from tests.waiting import PATIENCE

VERIFICATION, IMPLICIT = "1.2.840.10008.1.1", "1.2.840.10008.1.2"

Context = tuple[str, Sequence[str]]
"""A SOP class, and the transfer syntaxes proposed for it."""


@contextmanager
def association(
    port: int,
    contexts: Sequence[Context],
    calling: str = "SCANNER",
    called: str = "DICOMWEB",
    handlers: Sequence[evt.EventHandlerType] = (),
    tls: ssl.SSLContext | None = None,
    roles: Sequence[SCP_SCU_RoleSelectionNegotiation] = (),
) -> Iterator[Association]:
    """Lend an association with the service; it need not have been accepted."""
    entity = ApplicationEntity(calling)
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = PATIENCE
    for sop_class, syntaxes in contexts:
        entity.add_requested_context(sop_class, list(syntaxes))
    caller = entity.associate(
        "127.0.0.1",
        port,
        ae_title=called,
        evt_handlers=list(handlers),
        ext_neg=list(roles),
        tls_args=(tls, "localhost") if tls else None,
    )
    try:
        yield caller
    finally:
        if caller.is_established:
            caller.release()


def request(contexts: int = 1, calling: str = "STRANGER", called: str = "DICOMWEB") -> bytes:
    """Return an A-ASSOCIATE-RQ."""
    syntaxes = item(0x30, VERIFICATION.encode()) + item(0x40, IMPLICIT.encode())
    presentation = b"".join(
        item(0x20, bytes([2 * (number % 128) + 1, 0, 0, 0]) + syntaxes) for number in range(contexts)
    )
    user = item(0x50, item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3"))
    body = struct.pack(">HH16s16s32x", 1, 0, called.encode().ljust(16), calling.encode().ljust(16))
    body += item(0x10, b"1.2.840.10008.3.1.1.1") + presentation + user
    return struct.pack(">BxI", 1, len(body)) + body


def item(kind: int, value: bytes) -> bytes:
    """Return an item of a PDU."""
    return struct.pack(">BxH", kind, len(value) % 65536) + value


def stored(caller: Association, content: bytes, sop_class: str = "", instance: str = "") -> tuple[int, str]:
    """Send a Part 10 file as it is; return Status and Error Comment.

    Args:
        caller: an association with one context for it.
        content: of the file.
        sop_class: that the command names; by default that of the data set.
        instance: likewise.
    """
    if not (sop_class and instance):
        dataset = pydicom.dcmread(BytesIO(content), specific_tags=["SOPClassUID", "SOPInstanceUID"])
        sop_class, instance = sop_class or dataset.SOPClassUID, instance or dataset.SOPInstanceUID
    request = C_STORE()
    request.MessageID, request.Priority = 1, 2
    request.AffectedSOPClassUID = UID(sop_class)
    request.AffectedSOPInstanceUID = UID(instance)
    request.DataSet = BytesIO(data_set(content))
    context = caller.accepted_contexts[0].context_id
    assert context is not None
    caller._reactor_checkpoint.clear()
    sleep(0.001)
    while not caller._is_paused:  # else the caller's own thread may take the answer
        sleep(0.001)
    caller.dimse.send_msg(request, context)
    _, response = caller.dimse.get_msg(block=True)
    caller._reactor_checkpoint.set()
    assert isinstance(response, C_STORE), "no answer"
    assert response.Status is not None
    return response.Status, response.ErrorComment or ""


def data_set(content: bytes) -> bytes:
    """Return the data set of a Part 10 file, as it lies there."""
    assert content[128:132] == b"DICM"
    length = int.from_bytes(content[140:144], "little")
    return content[144 + length :]


def dcmtk(program: str, *words: object) -> "subprocess.CompletedProcess[str]":
    """Run a program of DCMTK to its end; a test is skipped without it."""
    return subprocess.run(
        [tool(program), *map(str, words)], capture_output=True, text=True, timeout=PATIENCE, check=False
    )
