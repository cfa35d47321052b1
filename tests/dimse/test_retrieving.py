"""C-MOVE and C-GET: what is stored goes out, as it is stored where that is taken, and all is counted."""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Event
from typing import Any

import numpy as np
import pydicom
import pytest
from imagecodecs import jpeg2k_encode
from pydicom import Dataset
from pydicom.uid import CTImageStorage, MRImageStorage
from pynetdicom import AE, build_role, evt

from service.archive import Archive
from service.dimse.network.peers import Peer
from service.permissions import Permission
from tests.archive.intake import put
from tests.builders import (
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    JPEG_2000,
    NATIVE_SYNTAXES,
    ct_image,
    data_set,
    encapsulated,
    part10,
)
from tests.dimse import calling
from tests.dimse.destinations import Destination, destination
from tests.dimse.nodes import CALLED, PATIENT_ROOT, STUDY_ROOT, associated, identifier, node, tool
from tests.ports import reserved_ports
from tests.waiting import PATIENCE

ALL = (*NATIVE_SYNTAXES, JPEG_2000)
EVERYTHING: dict[str, Any] = {CTImageStorage: ALL, MRImageStorage: ALL}

PENDING, SUCCESS, CANCELLED, SOME_FAILED, NONE = 0xFF00, 0, 0xFE00, 0xB000, 0xA702
UNKNOWN_DESTINATION, DOES_NOT_MATCH, WRONG_CLASS = 0xA801, 0xA900, 0x0122

PIXELS = [64 * number for number in range(64)]  # of `ct_image`
SERIES = [f"1.1.{number}" for number in range(1, 5)]
OF_SYNTAX = {syntax: f"2.{place}.1" for place, syntax in enumerate(NATIVE_SYNTAXES, 1)}
_STUDY = identifier("STUDY", StudyInstanceUID="1")
COMPRESSED, BROKEN, OTHER, ODD = "3.1.1", "3.1.2", "1.2.1", "4.1.1"


def compressed(uid: str) -> bytes:
    """Return a file whose pixels are those of `ct_image`, compressed."""
    image = encapsulated(
        [[jpeg2k_encode(np.array(PIXELS, np.uint16).reshape(8, 8), level=0, codecformat="J2K")]], uid=uid
    )
    for element in ct_image(uid):
        if element.keyword != "PixelData":
            image.add(element)
    return part10(image, JPEG_2000)


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    """The files that are stored, by SOP Instance UID."""
    stored = {uid: part10(ct_image(uid, InstanceNumber=int(uid[-1]))) for uid in SERIES}
    stored[OTHER] = part10(data_set(OTHER, PatientID="P1"))
    stored |= {uid: part10(ct_image(uid, PatientID="P2"), syntax) for syntax, uid in OF_SYNTAX.items()}
    stored[COMPRESSED] = compressed(COMPRESSED)
    odd = part10(ct_image(ODD), DEFLATED)
    stored[ODD] = odd if len(odd) % 2 else odd + b"\0"
    stored[BROKEN] = compressed(BROKEN).replace(b"\xff\x93", b"\xff\x00")
    return stored


@pytest.fixture(scope="module")
def archive(archive: Archive, files: dict[str, bytes]) -> Archive:
    put(archive, *files.values())
    return archive


@pytest.fixture(scope="module")
def taker() -> Iterator[Destination]:
    """A destination that takes everything."""
    with destination(EVERYTHING) as taker:
        yield taker


@pytest.fixture(scope="module")
def port(archive: Archive, taker: Destination) -> Iterator[int]:
    with node(archive, [taker.peer]) as port:
        yield port


def moved(
    port: int, keys: Dataset, sop_class: str = STUDY_ROOT.move, to: str = "STORE"
) -> tuple[Dataset, Dataset | None, list[Dataset]]:
    """Move, and return the final response with its identifier, and the responses before it."""
    with associated(port, sop_class) as association:
        responses = list(association.send_c_move(keys, to, sop_class, msg_id=9))
    return *responses[-1], [status for status, _ in responses[:-1]]


def counts(status: Dataset) -> tuple[int, int, int]:
    """Return how many completed, failed, and had warnings."""
    return (
        status.NumberOfCompletedSuboperations,
        status.NumberOfFailedSuboperations,
        status.NumberOfWarningSuboperations,
    )


def body(file: bytes) -> bytes:
    return calling.data_set(file)


@pytest.mark.parametrize(
    ("keys", "sop_class", "expected"),
    [
        pytest.param(
            identifier("STUDY", StudyInstanceUID="1"), STUDY_ROOT.move, [*SERIES, OTHER], id="a study"
        ),
        pytest.param(
            identifier("STUDY", StudyInstanceUID=["1", "3"]),
            STUDY_ROOT.move,
            [*SERIES, OTHER, COMPRESSED, BROKEN],
            id="two studies",
        ),
        pytest.param(
            identifier("SERIES", StudyInstanceUID="1", SeriesInstanceUID="1.1"),
            STUDY_ROOT.move,
            SERIES,
            id="a series",
        ),
        pytest.param(
            identifier(
                "IMAGE", StudyInstanceUID="1", SeriesInstanceUID="1.1", SOPInstanceUID=["1.1.2", "1.1.4"]
            ),
            STUDY_ROOT.move,
            ["1.1.2", "1.1.4"],
            id="two instances",
        ),
        pytest.param(
            identifier("PATIENT", PatientID="P2"), PATIENT_ROOT.move, list(OF_SYNTAX.values()), id="a patient"
        ),
        pytest.param(
            identifier("STUDY", PatientID="P2", StudyInstanceUID="2"),
            PATIENT_ROOT.move,
            list(OF_SYNTAX.values()),
            id="a study of a patient",
        ),
    ],
)
def test_what_is_moved_comes_as_it_is_stored_over_one_association(
    port: int, taker: Destination, files: dict[str, bytes], keys: Dataset, sop_class: str, expected: list[str]
) -> None:
    taker.data_sets.clear()
    taker.associations.clear()

    status, _, pending = moved(port, keys, sop_class)

    assert {uid: content for uid, (_, content) in taker.data_sets.items()} == {
        uid: body(files[uid]) for uid in expected
    }
    assert status.Status == SUCCESS
    assert counts(status) == (len(expected), 0, 0)
    assert [each.NumberOfRemainingSuboperations for each in pending] == list(range(len(expected) - 1, 0, -1))
    assert len(taker.associations) == 1
    assert taker.originators == {("CLIENT", 9)}


def test_nothing_to_move_is_a_success(port: int) -> None:
    status, _, pending = moved(port, identifier("STUDY", StudyInstanceUID="99"))

    assert (status.Status, counts(status), pending) == (SUCCESS, (0, 0, 0), [])


@pytest.mark.parametrize("stored", NATIVE_SYNTAXES)
@pytest.mark.parametrize("taken", [EXPLICIT, IMPLICIT])
def test_what_is_uncompressed_goes_as_the_destination_takes_it(
    archive: Archive, files: dict[str, bytes], stored: str, taken: str
) -> None:
    uid = OF_SYNTAX[stored]
    keys = identifier("IMAGE", StudyInstanceUID="2", SeriesInstanceUID=uid[:-2], SOPInstanceUID=uid)
    with destination({CTImageStorage: [taken]}) as taker, node(archive, [taker.peer]) as port:
        status, _, _ = moved(port, keys)

    assert counts(status) == (1, 0, 0)
    syntax, content = taker.data_sets[uid]
    assert syntax == taken
    assert content == body(part10(ct_image(uid, PatientID="P2"), taken))


def test_a_deflated_data_set_of_odd_length_is_padded(archive: Archive, files: dict[str, bytes]) -> None:
    with destination({CTImageStorage: [DEFLATED]}) as taker, node(archive, [taker.peer]) as port:
        status, _, _ = moved(port, identifier("STUDY", StudyInstanceUID="4"))

    assert counts(status) == (1, 0, 0)
    assert taker.data_sets[ODD] == (DEFLATED, body(files[ODD]) + b"\0")


@pytest.mark.parametrize("taken", [EXPLICIT, IMPLICIT])
def test_what_is_compressed_is_decoded_where_it_is_not_taken_and_what_is_broken_fails(
    archive: Archive, taken: str
) -> None:
    with destination({CTImageStorage: [taken]}) as taker, node(archive, [taker.peer]) as port:
        status, failed, _ = moved(port, identifier("STUDY", StudyInstanceUID="3"))

    assert status.Status == SOME_FAILED
    assert counts(status) == (1, 1, 0)
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList == BROKEN
    syntax, content = taker.data_sets[COMPRESSED]
    assert syntax == taken
    dataset = pydicom.dcmread(pydicom.filebase.DicomBytesIO(content), force=True)
    assert np.frombuffer(dataset.PixelData, np.uint16).tolist() == PIXELS


def test_what_the_destination_does_not_take_is_counted_as_failed(archive: Archive) -> None:
    with destination({CTImageStorage: [EXPLICIT]}) as taker, node(archive, [taker.peer]) as port:
        status, failed, _ = moved(port, identifier("STUDY", StudyInstanceUID="1"))

    assert (status.Status, counts(status)) == (SOME_FAILED, (4, 1, 0))
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList == OTHER


def test_what_the_destination_refuses_or_warns_of_is_counted_so(archive: Archive) -> None:
    answers = iter([0xA700, 0xB000, 0, 0])
    keys = identifier("SERIES", StudyInstanceUID="1", SeriesInstanceUID="1.1")
    with destination(EVERYTHING, lambda _: next(answers)) as taker, node(archive, [taker.peer]) as port:
        status, failed, _ = moved(port, keys)

    assert (status.Status, counts(status)) == (SOME_FAILED, (2, 1, 1))
    assert failed is not None
    assert failed.FailedSOPInstanceUIDList in SERIES


def test_a_destination_that_breaks_off_is_called_once_more(archive: Archive) -> None:
    number = iter(range(100))

    def answer(event: evt.Event) -> int:
        if next(number) == 1:
            event.assoc.abort()
        return 0

    with destination(EVERYTHING, answer) as taker, node(archive, [taker.peer]) as port:
        status, _, _ = moved(port, identifier("STUDY", StudyInstanceUID="1"))

    assert (status.Status, counts(status)) == (SOME_FAILED, (4, 1, 0))
    assert len(taker.associations) == 2


def test_a_destination_that_never_answers_is_given_up(archive: Archive) -> None:
    is_over = Event()

    def answer(_: evt.Event) -> int:
        is_over.wait(60)
        return 0

    with destination(EVERYTHING, answer) as taker, node(archive, [taker.peer], seconds=0.3) as port:
        status, _, _ = moved(port, identifier("STUDY", StudyInstanceUID="1"))
        is_over.set()

    assert (status.Status, counts(status)) == (NONE, (0, 5, 0))


def test_a_destination_that_is_gone_fails_all(archive: Archive) -> None:
    with destination(EVERYTHING) as taker:
        pass
    with node(archive, [taker.peer]) as port:
        status, failed, _ = moved(port, identifier("STUDY", StudyInstanceUID="1"))

    assert (status.Status, counts(status)) == (NONE, (0, 5, 0))
    assert failed is not None
    assert sorted(failed.FailedSOPInstanceUIDList) == sorted([*SERIES, OTHER])


def test_a_move_ends_when_it_is_cancelled(archive: Archive) -> None:
    has_come, is_cancelled = Event(), Event()

    def answer(_: evt.Event) -> int:
        has_come.set()
        is_cancelled.wait(PATIENCE)
        return 0

    with (
        destination(EVERYTHING, answer) as taker,
        node(archive, [taker.peer]) as port,
        associated(port, STUDY_ROOT.move) as association,
    ):
        keys = identifier("STUDY", StudyInstanceUID="1")
        responses = association.send_c_move(keys, "STORE", STUDY_ROOT.move, msg_id=3)
        has_come.wait(PATIENCE)
        association.bind(evt.EVT_PDU_SENT, lambda _: is_cancelled.set())
        association.send_c_cancel(3, query_model=STUDY_ROOT.move)
        final, _ = list(responses)[-1]

    assert final.Status == CANCELLED
    completed, *_ = counts(final)
    assert completed + final.NumberOfRemainingSuboperations == 5
    assert completed < 5


@pytest.mark.parametrize(
    ("keys", "to", "expected"),
    [
        pytest.param(identifier("STUDY", StudyInstanceUID="1"), "NOBODY", UNKNOWN_DESTINATION, id="nobody"),
        pytest.param(identifier("STUDY", StudyInstanceUID=""), "STORE", DOES_NOT_MATCH, id="no study"),
        pytest.param(identifier("STUDY", StudyInstanceUID="*"), "STORE", DOES_NOT_MATCH, id="any study"),
        pytest.param(
            identifier("SERIES", SeriesInstanceUID="1.1"), "STORE", DOES_NOT_MATCH, id="no study above"
        ),
        pytest.param(identifier("PATIENT", PatientID="P1"), "STORE", DOES_NOT_MATCH, id="a level it has not"),
    ],
)
def test_what_cannot_be_moved_is_told_so(port: int, keys: Dataset, to: str, expected: int) -> None:
    status, _, pending = moved(port, keys, to=to)

    assert (status.Status, pending) == (expected, [])
    assert status.ErrorComment


def test_who_may_not_read_moves_nothing(archive: Archive, taker: Destination) -> None:
    me = Peer("me", "CLIENT", permissions=frozenset({Permission.WRITE}))
    with node(archive, [taker.peer], me) as port:
        status, _, _ = moved(port, identifier("STUDY", StudyInstanceUID="1"))

    assert status.Status == 0x0124


def got(
    port: int, keys: Dataset, syntaxes: Sequence[str | list[str]]
) -> tuple[Dataset, dict[str, tuple[str, bytes]]]:
    """Get, and return the final response and what came."""
    came: dict[str, tuple[str, bytes]] = {}

    def store(event: evt.Event) -> int:
        request: Any = event.request
        came[request.AffectedSOPInstanceUID] = event.context.transfer_syntax, request.DataSet.getvalue()
        return 0

    entity = AE("CLIENT")
    entity.acse_timeout = entity.dimse_timeout = entity.network_timeout = PATIENCE
    entity.add_requested_context(STUDY_ROOT.get, EXPLICIT)
    for syntax in syntaxes:
        entity.add_requested_context(CTImageStorage, syntax)
    roles: list[Any] = [build_role(CTImageStorage, scp_role=True)]
    association = entity.associate(
        "127.0.0.1", port, ae_title=CALLED, ext_neg=roles, evt_handlers=[(evt.EVT_C_STORE, store)]
    )
    assert association.is_established
    responses = list(association.send_c_get(keys, STUDY_ROOT.get))
    association.release()
    return responses[-1][0], came


def test_what_is_got_comes_over_the_same_association_as_it_is_stored(
    port: int, files: dict[str, bytes]
) -> None:
    keys = identifier("SERIES", StudyInstanceUID="1", SeriesInstanceUID="1.1")

    status, came = got(port, keys, (EXPLICIT,))

    assert (status.Status, counts(status)) == (SUCCESS, (4, 0, 0))
    assert came == {uid: (EXPLICIT, body(files[uid])) for uid in SERIES}


def test_what_a_getter_does_not_take_is_counted_as_failed(port: int) -> None:
    status, came = got(port, identifier("STUDY", StudyInstanceUID="1"), (JPEG_2000, IMPLICIT))

    assert (status.Status, counts(status)) == (SOME_FAILED, (4, 1, 0))
    assert {syntax for syntax, _ in came.values()} == {IMPLICIT}


def test_a_getter_that_takes_several_transfer_syntaxes_gets_what_all_can_be_in(
    port: int, files: dict[str, bytes]
) -> None:
    keys = identifier("SERIES", StudyInstanceUID="1", SeriesInstanceUID="1.1")

    status, came = got(port, keys, [[JPEG_2000, EXPLICIT]])

    assert counts(status) == (4, 0, 0)
    assert came == {uid: (EXPLICIT, body(files[uid])) for uid in SERIES}


def test_movescu_moves_a_study_to_itself(archive: Archive, files: dict[str, bytes], tmp_path: Path) -> None:
    with (
        reserved_ports(1) as [own],
        node(archive, [Peer("movescu", "STORE", host="127.0.0.1", port=own)]) as port,
    ):
        command = [tool("movescu"), "-S", "-aet", "CLIENT", "-aec", CALLED, "-aem", "STORE", "+P", str(own)]
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1", "+B"]
        subprocess.run([*command, *keys, "127.0.0.1", str(port)], check=True, timeout=PATIENCE, cwd=tmp_path)

    came = {pydicom.dcmread(path).SOPInstanceUID: body(path.read_bytes()) for path in tmp_path.iterdir()}
    assert came == {uid: body(files[uid]) for uid in [*SERIES, OTHER]}


def test_getscu_gets_a_study(port: int, files: dict[str, bytes], tmp_path: Path) -> None:
    command = [tool("getscu"), "-S", "-aet", "CLIENT", "-aec", CALLED, "-od", str(tmp_path), "+B"]
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1"]

    subprocess.run([*command, *keys, "127.0.0.1", str(port)], check=True, timeout=PATIENCE)

    came = {pydicom.dcmread(path).SOPInstanceUID: body(path.read_bytes()) for path in tmp_path.iterdir()}
    assert came == {uid: body(files[uid]) for uid in [*SERIES, OTHER]}


def test_an_operation_over_a_context_of_another_one_is_refused(port: int) -> None:
    with associated(port, STUDY_ROOT.find, STUDY_ROOT.move) as association:
        over_find = list(association.send_c_move(_STUDY, "CLIENT", STUDY_ROOT.find))
        over_move = list(association.send_c_find(_STUDY, STUDY_ROOT.move))
        afterwards = list(association.send_c_find(_STUDY, STUDY_ROOT.find))

    assert [status.Status for status, _ in over_find] == [WRONG_CLASS]
    assert [status.Status for status, _ in over_move] == [WRONG_CLASS]
    assert [status.Status for status, _ in afterwards] == [PENDING, SUCCESS]
