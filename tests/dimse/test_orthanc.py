"""Another archive as our peer, in both directions: Debian's Orthanc sends, takes, searches and retrieves."""

from collections.abc import Iterator

import numpy as np
import pytest
from imagecodecs import jpeg2k_encode

from tests.builders import BIG_ENDIAN, EXPLICIT, IMPLICIT, JPEG_2000, ct_image, encapsulated, part10
from tests.dimse.calling import association
from tests.dimse.calling import data_set as body
from tests.dimse.nodes import STUDY_ROOT, identifier
from tests.dimse.orthanc import AE_TITLE, Orthanc, orthanc
from tests.serving import Process, process
from tests.waiting import wait_for

OURS = "DICOMWEB"
PIXELS = np.arange(64, dtype=np.uint16).reshape(8, 8)


def compressed(uid: str) -> bytes:
    """Return a file in JPEG 2000."""
    stream = jpeg2k_encode(PIXELS, level=0, codecformat="J2K")
    return part10(encapsulated([[stream + b"\0" * (len(stream) % 2)]], uid=uid), JPEG_2000)


def study(number: int) -> dict[str, bytes]:
    """Return the files of a study by SOP Instance UID: of each kind of transfer syntax."""
    files = {
        f"{number}.1.{place}": part10(
            ct_image(f"{number}.1.{place}", PatientID=f"P{number}", StudyDescription=f"Study {number}"),
            syntax,
        )
        for place, syntax in enumerate((EXPLICIT, IMPLICIT, BIG_ENDIAN), 1)
    }
    return files | {f"{number}.2.1": compressed(f"{number}.2.1")}


@pytest.fixture(scope="module")
def theirs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Orthanc]:
    """Orthanc, for all tests; it knows us."""
    with orthanc(tmp_path_factory.mktemp("orthanc")) as theirs:
        yield theirs


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory, theirs: Orthanc) -> Iterator[Process]:
    """The service, which knows nobody but Orthanc and a workstation."""
    folder = tmp_path_factory.mktemp("ours")
    peers = folder / "peers.toml"
    peers.write_text(
        f'[{AE_TITLE}]\nhost = "127.0.0.1"\nport = {theirs.port}\nroles = ["writer"]\n'
        '[WORKSTATION]\nroles = ["reader"]\n'
    )
    with process(folder / "data", "--dimse", "0", DICOMWEB_DIMSE_PEERS=str(peers)) as ours:
        assert ours.dimse_port is not None
        theirs.introduce(ours.dimse_port, OURS)
        yield ours


def put(ours: Process, files: dict[str, bytes]) -> None:
    """Give us files, without DIMSE."""
    for content in files.values():
        answer = ours.client.post("/studies", content=content, headers={"content-type": "application/dicom"})
        assert answer.status_code == 200, answer.text


def bodies(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the data sets of files, as they lie there."""
    return {uid: body(content) for uid, content in files.items()}


def held(theirs: Orthanc, files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the data sets that Orthanc has of these instances."""
    return {uid: body(theirs.file(uid)) for uid in files.keys() & theirs.instances()}


def test_what_is_sent_to_orthanc_is_there_byte_for_byte(ours: Process, theirs: Orthanc) -> None:
    files = study(71)
    put(ours, files)

    assert ours.client.post("/studies/71/send", json={"to": AE_TITLE}).status_code == 202
    wait_for(lambda: ours.client.get("/studies/71/send").json()[0]["state"] == "sent")

    assert held(theirs, files) == bodies(files)


def test_what_orthanc_sends_is_here_byte_for_byte(ours: Process, theirs: Orthanc) -> None:
    files = study(72)
    for content in files.values():
        theirs.put(content)

    counts = theirs.store(*files)

    assert counts == {"InstancesCount": 4, "FailedInstancesCount": 0}
    kept = {path.read_bytes() for path in (ours.log.with_suffix("") / "instances/72").rglob("*.dcm")}
    assert set(map(body, kept)) == set(bodies(files).values())


def test_orthanc_finds_a_study_here_and_retrieves_it(ours: Process, theirs: Orthanc) -> None:
    files = study(73)
    put(ours, files)

    place, [answer] = theirs.query("Study", StudyDescription="Study 73", PatientName="")
    theirs.retrieve(place)

    assert (answer["StudyInstanceUID"], answer["PatientName"]) == ("73", "Doe^Jane")
    assert held(theirs, files) == bodies(files)


def test_orthanc_retrieves_a_single_instance(ours: Process, theirs: Orthanc) -> None:
    put(ours, study(74))
    keys = {"StudyInstanceUID": "74", "SeriesInstanceUID": "74.1", "SOPInstanceUID": "74.1.2"}

    place, answers = theirs.query("Instance", **keys)
    theirs.retrieve(place)

    assert len(answers) == 1
    assert [uid for uid in theirs.instances() if uid.startswith("74.")] == ["74.1.2"]


def test_a_workstation_moves_a_study_from_here_into_orthanc(ours: Process, theirs: Orthanc) -> None:
    files = study(75)
    put(ours, files)
    assert ours.dimse_port is not None

    with association(ours.dimse_port, [(STUDY_ROOT.move, [IMPLICIT])], "WORKSTATION", OURS) as caller:
        keys = identifier("STUDY", StudyInstanceUID="75")
        *_, (status, _) = caller.send_c_move(keys, AE_TITLE, STUDY_ROOT.move)

    assert (status.Status, status.NumberOfCompletedSuboperations) == (0, 4)
    assert held(theirs, files) == bodies(files)
