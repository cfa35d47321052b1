"""C-STORE: what a scanner sends is kept as it is, and answered with what became of it. PS3.4 B."""

import logging
from pathlib import Path

import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.uid import CTImageStorage, MRImageStorage

from tests.builders import BIG_ENDIAN, DEFLATED, EXPLICIT, IMPLICIT, NATIVE_SYNTAXES, ct_image, part10
from tests.builders import data_set as dataset
from tests.dimse.calling import association, data_set, stored
from tests.serving import Process

SUCCESS, DUPLICATE, OTHER_THAN_SAID, NOT_UNDERSTOOD = 0x0000, 0x0111, 0xA900, 0xC000
PACKAGED = (
    "CT_small.dcm",
    "JPEG2000.dcm",
    "MR_small_RLE.dcm",
    "examples_ybr_color.dcm",
    "SC_rgb_jpeg_dcmtk.dcm",
)


@pytest.fixture(scope="module")
def pacs(placed: Process) -> Process:
    return placed


def content_of(pacs: Process, uid: str) -> bytes:
    """Return an instance as DICOMweb gives it."""
    study, series, _ = uid.split(".")
    url = f"/studies/{study}/series/{study}.{series}/instances/{uid}"
    return pacs.client.get(url, headers={"accept": "application/dicom; transfer-syntax=*"}).content


def found(pacs: Process, instance: str) -> int:
    """Return in how many places DICOMweb finds an instance."""
    answer = pacs.client.get("/instances", params={"SOPInstanceUID": instance})
    return len(answer.json()) if answer.content else 0


@pytest.mark.parametrize("name", PACKAGED)
def test_what_is_sent_is_found_at_once_and_its_data_set_is_the_same_byte_for_byte(
    pacs: Process, port: int, name: str
) -> None:
    path = get_testdata_file(name, download=False)
    assert isinstance(path, str)
    content = Path(path).read_bytes()
    meta = pydicom.dcmread(path, stop_before_pixels=True)
    with association(port, [(meta.SOPClassUID, [meta.file_meta.TransferSyntaxUID])]) as caller:
        status, comment = stored(caller, content)
    assert status in (SUCCESS, 0xB007), comment
    [match] = pacs.client.get("/instances", params={"SOPInstanceUID": meta.SOPInstanceUID}).json()
    url = match["00081190"]["Value"][0]
    answer = pacs.client.get(url, headers={"accept": "application/dicom; transfer-syntax=*"})
    assert data_set(answer.content) == data_set(content)


@pytest.mark.parametrize("syntax", NATIVE_SYNTAXES)
def test_every_uncompressed_transfer_syntax_is_taken(pacs: Process, port: int, syntax: str) -> None:
    uid = f"7.{NATIVE_SYNTAXES.index(syntax)}.1"
    content = part10(dataset(uid), syntax)
    with association(port, [(MRImageStorage, [syntax])]) as caller:
        assert stored(caller, content) == (SUCCESS, "")
    assert found(pacs, uid) == 1


def test_an_instance_that_is_here_already_is_a_success_also_where_another_way_brought_it(
    pacs: Process, port: int
) -> None:
    content = part10(dataset("8.1.1"), IMPLICIT)
    assert pacs.client.post(
        "/studies", content=content, headers={"content-type": "application/dicom"}
    ).is_success
    with association(port, [(MRImageStorage, [IMPLICIT])]) as caller:
        assert stored(caller, content) == (SUCCESS, "")
        assert stored(caller, content) == (SUCCESS, "")
    assert found(pacs, "8.1.1") == 1


def test_another_instance_with_the_same_uids_is_a_duplicate_and_the_first_stays(
    pacs: Process, port: int
) -> None:
    first, second = (part10(dataset("8.2.1", PatientName=name), EXPLICIT) for name in ("A", "B"))
    with association(port, [(MRImageStorage, [EXPLICIT])]) as caller:
        assert stored(caller, first)[0] == SUCCESS
        status, comment = stored(caller, second)
    assert status == DUPLICATE
    assert comment.startswith("an instance with these UIDs and other content is stored")
    assert len(comment) <= 64
    assert data_set(content_of(pacs, "8.2.1")) == data_set(first)


@pytest.mark.parametrize(
    ("sop_class", "instance", "what"), [(CTImageStorage, "", "Class"), ("", "9.9.9", "Instance")]
)
def test_a_data_set_of_other_uids_than_the_command_names_is_refused(
    pacs: Process, port: int, sop_class: str, instance: str, what: str
) -> None:
    content = part10(dataset("8.3.1"), EXPLICIT)
    with association(port, [(sop_class or MRImageStorage, [EXPLICIT])]) as caller:
        status, comment = stored(caller, content, sop_class, instance)
    assert status == OTHER_THAN_SAID
    assert f"another SOP {what} UID than the command" in comment
    assert found(pacs, "8.3.1") == 0


@pytest.mark.parametrize("rest", [1, 60, 200])
def test_a_data_set_that_is_cut_is_refused_and_the_association_goes_on(
    pacs: Process, port: int, rest: int
) -> None:
    content, whole = part10(ct_image("8.4.1"), EXPLICIT), part10(ct_image(f"8.4.{rest + 1}"), EXPLICIT)
    with association(port, [(CTImageStorage, [EXPLICIT])]) as caller:
        status, comment = stored(caller, content[:-rest])
        assert status == NOT_UNDERSTOOD
        assert "cut short" in comment
        assert stored(caller, whole) == (SUCCESS, "")
    assert found(pacs, "8.4.1") == 0


def test_a_data_set_without_uids_is_refused_with_the_reason(port: int) -> None:
    nameless = dataset("8.5.1")
    content = part10(nameless, EXPLICIT)
    del nameless.StudyInstanceUID
    head = content[: len(content) - len(data_set(content))]
    without_study = head + data_set(part10(nameless, EXPLICIT))
    with association(port, [(MRImageStorage, [EXPLICIT])]) as caller:
        status, comment = stored(caller, without_study)
    assert status == OTHER_THAN_SAID
    assert "StudyInstanceUID" in comment


def test_instances_of_private_and_of_retired_sop_classes_are_stored(pacs: Process, port: int) -> None:
    for number, sop_class in enumerate(("1.2.826.0.1.3680043.99.1", "1.2.840.10008.5.1.4.1.1.5")):
        content = part10(dataset(f"8.6.{number}", SOPClassUID=sop_class), EXPLICIT)
        with association(port, [(sop_class, [EXPLICIT])]) as caller:
            assert stored(caller, content)[0] == SUCCESS
        assert found(pacs, f"8.6.{number}") == 1


@pytest.mark.parametrize(
    ("proposed", "accepted"),
    [
        ([EXPLICIT, IMPLICIT], EXPLICIT),
        ([IMPLICIT, EXPLICIT], IMPLICIT),
        ([BIG_ENDIAN, IMPLICIT], IMPLICIT),
        ([BIG_ENDIAN], BIG_ENDIAN),
        ([EXPLICIT, "1.2.840.10008.1.2.4.70"], "1.2.840.10008.1.2.4.70"),
        ([EXPLICIT, "1.2.840.10008.1.2.4.50"], EXPLICIT),
        (["1.2.840.10008.1.2.4.50", EXPLICIT], "1.2.840.10008.1.2.4.50"),
        (["1.2.3.4", DEFLATED], DEFLATED),
        (["1.2.840.10008.1.2.4.94"], "1.2.840.10008.1.2.4.94"),
        (["1.2.3.4"], None),
    ],
)
def test_a_sender_is_asked_for_what_it_has_compressed_and_for_big_endian_last(
    port: int, proposed: list[str], accepted: str | None
) -> None:
    with association(port, [(MRImageStorage, proposed), ("1.2.840.10008.1.1", [IMPLICIT])]) as caller:
        [*contexts, _] = caller.accepted_contexts
        assert [str(context.transfer_syntax[0]) for context in contexts] == [accepted] * bool(accepted)


def test_metrics_count_stores_by_their_status(pacs: Process, port: int) -> None:
    content = part10(dataset("8.8.1"), EXPLICIT)
    with association(port, [(MRImageStorage, [EXPLICIT])]) as caller:
        stored(caller, content)
    metrics = pacs.client.get(str(pacs.client.base_url.copy_with(path="/metrics"))).text
    assert 'dicomweb_dimse_seconds_count{operation="c-store",status="0000"}' in metrics


def test_nothing_of_a_patient_is_logged(pacs: Process, port: int) -> None:
    content = part10(dataset("8.7.1", PatientName="Very^Secret", PatientID="S-3141"), EXPLICIT)
    with association(port, [(MRImageStorage, [EXPLICIT])], calling="SECRETAE") as caller:
        stored(caller, content)
        stored(caller, content[:-3])
    logging.shutdown()
    assert not {"Secret", "S-3141"} & set(pacs.log.read_text().split())
    assert "Secret" not in pacs.log.read_text()
