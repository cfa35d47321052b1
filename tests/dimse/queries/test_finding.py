"""C-FIND: the same matches as QIDO-RS has, as DIMSE says them."""

import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydicom import Dataset, Sequence

from service.archive import Archive
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource
from service.dimse.network.peers import ANYBODY
from service.permissions import Permission
from tests.archive import stored
from tests.builders import IMPLICIT
from tests.dimse.nodes import CALLED, PATIENT_ROOT, STUDY_ROOT, asked, associated, identifier, node, tool
from tests.metadata import instance, store

PENDING, UNSUPPORTED, CANCELLED, LIMITED = 0xFF00, 0xFF01, 0xFE00, 0xB001


@pytest.fixture(scope="module")
def archive(archive: Archive) -> Archive:
    archive.index.write_now(store, *stored.STORED)
    return archive


@pytest.fixture(scope="module")
def port(archive: Archive) -> Iterator[int]:
    with node(archive) as port:
        yield port


LEVELS = {"STUDY": Level.STUDY, "SERIES": Level.SERIES, "IMAGE": Level.INSTANCE}
RELATIONAL = b"\1\1\1"


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        pytest.param("STUDY", {}, id="all studies"),
        pytest.param("STUDY", {"PatientName": "muller*"}, id="a name, whatever its accents and case"),
        pytest.param("STUDY", {"PatientName": "*=山田*"}, id="a name in ideographic characters"),
        pytest.param("STUDY", {"StudyDate": "20240101-20240115"}, id="a range of dates"),
        pytest.param("STUDY", {"StudyDate": "-20240115"}, id="a range of dates without a beginning"),
        pytest.param("STUDY", {"ModalitiesInStudy": "SR"}, id="a modality of the study"),
        pytest.param("STUDY", {"ModalitiesInStudy": ["MR", "SR"]}, id="one of several modalities"),
        pytest.param("STUDY", {"StudyInstanceUID": ["1", "3"]}, id="a list of UIDs"),
        pytest.param("STUDY", {"PatientID": "p?1"}, id="a wild card for one character"),
        pytest.param("STUDY", {"StudyDescription": "CT*"}, id="a description"),
        pytest.param("STUDY", {"PatientWeight": "70.5"}, id="an attribute without an index"),
        pytest.param("SERIES", {"Modality": "CT"}, id="series of all studies"),
        pytest.param("SERIES", {"StudyInstanceUID": "1", "Modality": "CT"}, id="series of a study"),
        pytest.param("SERIES", {"BodyPartExamined": "HE*"}, id="series by part of the body"),
        pytest.param(
            "IMAGE", {"StudyInstanceUID": "1", "SeriesInstanceUID": "1.1"}, id="a series' instances"
        ),
        pytest.param("IMAGE", {"InstanceNumber": "1"}, id="instances by number"),
        pytest.param("IMAGE", {"Rows": 512}, id="instances by a binary number"),
        pytest.param("IMAGE", {"KVP": "120"}, id="instances by an attribute without an index"),
    ],
)
def test_a_search_finds_what_qido_finds(
    port: int, archive: Archive, level: str, keys: dict[str, object]
) -> None:
    parameters = [
        (keyword, ",".join(value) if isinstance(value, list) else str(value))
        for keyword, value in keys.items()
    ]
    uid = stored.UIDS[LEVELS[level]]

    found, status, _ = asked(port, identifier(level, **({uid: None} | keys)), negotiation=RELATIONAL)

    expected = archive.index.read_now(stored.hits, SearchedResource(LEVELS[level]), *parameters)
    assert sorted(match[uid].value for match in found) == sorted(expected)
    assert status.Status == 0
    assert expected


def test_keys_within_a_sequence_match_within_one_item(port: int) -> None:
    item = Dataset()
    item.ScheduledProcedureStepID, item.RequestedProcedureID = "S1", ""
    wanted = identifier("SERIES", SeriesInstanceUID=None, RequestAttributesSequence=Sequence([item]))

    [match], _, _ = asked(port, wanted, negotiation=RELATIONAL)

    items = [
        (each.ScheduledProcedureStepID, each.RequestedProcedureID) for each in match.RequestAttributesSequence
    ]
    assert items == [("S1", "R1"), ("S2", "R2")]


def test_an_answer_has_the_keys_of_the_request_and_where_to_retrieve_it(port: int) -> None:
    wanted = identifier(
        "STUDY",
        StudyInstanceUID="1",
        PatientName=None,
        PatientComments=None,
        NumberOfStudyRelatedInstances=None,
    )

    [match], _, statuses = asked(port, wanted)

    assert match.PatientName == "Müller^Jürgen"
    assert match.NumberOfStudyRelatedInstances == 3
    assert match.PatientComments == ""
    assert (match.QueryRetrieveLevel, match.RetrieveAETitle) == ("STUDY", CALLED)
    assert "StudyDate" not in match
    assert statuses == {PENDING}


def test_a_key_that_answers_never_have_is_told_of(port: int) -> None:
    _, _, statuses = asked(port, identifier("STUDY", StudyInstanceUID="1", SliceThickness=None))

    assert statuses == {UNSUPPORTED}


@pytest.mark.parametrize(
    ("asked_in", "patient", "answered_in"),
    [
        pytest.param("ISO_IR 100", "M\u00fcl*", "ISO_IR 100", id="the request's set has all of it"),
        pytest.param("ISO_IR 100", "Yamada*", "ISO_IR 192", id="the request's set has not all of it"),
        pytest.param(None, "Muller*", "ISO_IR 192", id="no set"),
    ],
)
def test_an_answer_says_in_which_character_set_it_is(
    port: int, asked_in: str | None, patient: str, answered_in: str
) -> None:
    [match], _, _ = asked(port, identifier("STUDY", asked_in, PatientName=patient))

    assert match.SpecificCharacterSet == answered_in
    assert match.PatientName in ("Müller^Jürgen", "Yamada^Tarou=山田^太郎=やまだ^たろう")


def test_an_answer_in_ascii_needs_no_character_set(port: int) -> None:
    [match], _, _ = asked(port, identifier("STUDY", None, StudyInstanceUID="1", StudyDescription=None))

    assert "SpecificCharacterSet" not in match


def test_answers_are_in_the_transfer_syntax_that_was_agreed_upon(port: int) -> None:
    [match], _, _ = asked(
        port, identifier("STUDY", StudyInstanceUID="2", PatientName=None), syntaxes=(IMPLICIT,)
    )

    assert match.PatientName == "Yamada^Tarou=山田^太郎=やまだ^たろう"


def test_patients_are_answered_once_each(port: int) -> None:
    wanted = identifier("PATIENT", PatientID=None, PatientName=None)

    found, status, _ = asked(port, wanted, PATIENT_ROOT.find)

    assert sorted(match.PatientID for match in found) == ["P21", "P_1%", "p21"]
    assert {"StudyInstanceUID" in match for match in found} == {False}
    assert status.Status == 0


def test_patients_are_found_however_many_studies_each_has(sqlite_archive: Archive) -> None:
    of_patients = {f"{each}": f"P{each % 3}" for each in range(1, 100)}
    sqlite_archive.index.write_now(
        store, *(instance(f"{uid}.1.1", PatientID=patient) for uid, patient in of_patients.items())
    )
    wanted = identifier("PATIENT", PatientID=None)

    with node(sqlite_archive, max_results=2) as port:
        some, limited, _ = asked(port, wanted, PATIENT_ROOT.find)
    with node(sqlite_archive, max_results=3) as port:
        everyone, status, _ = asked(port, wanted, PATIENT_ROOT.find)

    assert ([match.PatientID for match in some], limited.Status) == (["P0", "P1"], LIMITED)
    assert ([match.PatientID for match in everyone], status.Status) == (["P0", "P1", "P2"], 0)


def test_a_patient_is_answered_once_whatever_lies_between(sqlite_archive: Archive) -> None:
    ids = ["A", ["A", "B"], "A"]  # of which the first ones alone are in the index
    dates = ["20240103", "20240102", "20240101"]
    sqlite_archive.index.write_now(
        store,
        *(
            instance(f"{number}.1.1", PatientID=each, StudyDate=date)
            for number, (each, date) in enumerate(zip(ids, dates, strict=True))
        ),
    )

    with node(sqlite_archive) as port:
        found, _, _ = asked(port, identifier("PATIENT", PatientID=None), PATIENT_ROOT.find)

    assert [match.PatientID for match in found] == ["A", ["A", "B"]]


def test_a_study_of_a_patient_is_found_in_the_patient_root(port: int) -> None:
    [match], _, _ = asked(
        port, identifier("STUDY", PatientID="p21", StudyInstanceUID=None), PATIENT_ROOT.find
    )

    assert (match.StudyInstanceUID, match.PatientID) == ("2", "p21")


@pytest.mark.parametrize(
    ("wanted", "sop_class"),
    [
        pytest.param(identifier("PATIENT", PatientID=""), STUDY_ROOT.find, id="a level the model has not"),
        pytest.param(identifier("FRAME"), STUDY_ROOT.find, id="a level that there is not"),
        pytest.param(identifier("SERIES", Modality="CT"), STUDY_ROOT.find, id="no study"),
        pytest.param(identifier("IMAGE", StudyInstanceUID="1"), STUDY_ROOT.find, id="no series"),
        pytest.param(identifier("STUDY", StudyDate=""), PATIENT_ROOT.find, id="no patient"),
    ],
)
def test_an_identifier_has_to_suit_the_model_and_its_level(
    port: int, wanted: Dataset, sop_class: str
) -> None:
    found, status, _ = asked(port, wanted, sop_class)

    assert (found, status.Status) == ([], 0xA900)
    assert status.ErrorComment


def test_a_value_that_is_not_of_its_vr_fails_without_being_repeated(port: int) -> None:
    found, status, _ = asked(port, identifier("STUDY", PatientBirthDate="sometime"))

    assert (found, status.Status) == ([], 0xC002)
    assert "PatientBirthDate" in status.ErrorComment or "00100030" in status.ErrorComment
    assert "sometime" not in status.ErrorComment


def test_a_search_that_finds_too_much_says_so(archive: Archive) -> None:
    with node(archive, max_results=2) as port:
        found, status, _ = asked(port, identifier("STUDY", StudyInstanceUID=None))

    assert len(found) == 2
    assert status.Status == LIMITED


@pytest.mark.parametrize("number", [130, 300])
def test_of_many_matches_each_comes_once(sqlite_archive: Archive, number: int) -> None:
    uids = [f"9.1.{each}" for each in range(1, number + 1)]
    sqlite_archive.index.write_now(store, *(instance(uid, InstanceNumber=uid[4:]) for uid in uids))
    wanted = identifier("IMAGE", StudyInstanceUID="9", SeriesInstanceUID="9.1", SOPInstanceUID=None)

    with node(sqlite_archive) as port:
        found, status, _ = asked(port, wanted)

    assert [match.SOPInstanceUID for match in found] == uids
    assert status.Status == 0


@pytest.mark.parametrize(
    ("level", "keys"),
    [
        pytest.param("STUDY", {"PatientID": "nobody"}, id="an identifier"),
        pytest.param("STUDY", {"StudyTime": "2359"}, id="another key"),
        pytest.param("STUDY", {"StudyDate": "19000101"}, id="a date"),
        pytest.param("SERIES", {"StudyInstanceUID": "1", "Modality": "PT"}, id="series of a study"),
        pytest.param("PATIENT", {"PatientID": "nobody"}, id="a patient"),
        pytest.param("PATIENT", {"PatientName": "nobody*"}, id="a patient by name"),
    ],
)
def test_a_search_without_matches_succeeds(port: int, level: str, keys: dict[str, object]) -> None:
    root = PATIENT_ROOT if level == "PATIENT" else STUDY_ROOT

    found, status, _ = asked(port, identifier(level, **keys), root.find, negotiation=RELATIONAL)

    assert (found, status.Status) == ([], 0)


def test_a_search_can_be_cancelled(port: int) -> None:
    wanted = identifier("STUDY", StudyInstanceUID=None)
    with associated(port, STUDY_ROOT.find) as association:
        responses = association.send_c_find(wanted, STUDY_ROOT.find, msg_id=7)
        association.send_c_cancel(7, query_model=STUDY_ROOT.find)
        statuses = [status.Status for status, _ in responses]

    assert statuses[-1] in (CANCELLED, 0)  # where all have been sent before it comes


def test_who_may_not_read_is_told_so(archive: Archive) -> None:
    with node(archive, me=replace(ANYBODY, permissions=frozenset({Permission.WRITE}))) as port:
        found, status, _ = asked(port, identifier("STUDY", StudyInstanceUID=None))

    assert (found, status.Status) == ([], 0x0124)


def test_studies_outside_the_scope_are_not_there(archive: Archive) -> None:
    with node(archive, me=replace(ANYBODY, tenants=frozenset({"A"}))) as port:
        found, status, _ = asked(port, identifier("STUDY", StudyInstanceUID=None))

    assert (found, status.Status) == ([], 0)


def test_findscu_finds_a_study(port: int, tmp_path: Path) -> None:
    command = [tool("findscu"), "-S", "-X", "-od", str(tmp_path), "-k", "QueryRetrieveLevel=STUDY"]
    keys = ["-k", "StudyInstanceUID", "-k", "PatientID=P_1%", "-k", "ModalitiesInStudy"]

    here = ["-aet", "CLIENT", "-aec", CALLED, "127.0.0.1", str(port)]
    subprocess.run([*command, *keys, *here], check=True, timeout=60)

    assert len(list(tmp_path.iterdir())) == 1
