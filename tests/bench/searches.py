"""Searches of every resource and every kind of match, as a table of URLs to be filled in.

Names in braces are values of a series of the archive, see `_values`; a search is made with many series.
"""

from collections.abc import Sequence
from itertools import pairwise
from urllib.parse import quote

from tests.bench.population import Series

STUDIES = {
    "a page of 100": "/studies?limit=100",
    "a page of 100 at nine tenths": "/studies?limit=100&offset={deep}",
    "a page of 100, all fields": "/studies?limit=100&includefield=all",
    "StudyInstanceUID": "/studies?StudyInstanceUID={study}",
    "two of StudyInstanceUID": "/studies?StudyInstanceUID={study},{other_study}",
    "PatientID": "/studies?PatientID={patient_id}",
    "PatientID, nobody's": "/studies?PatientID=nobody",
    "PatientID, any": "/studies?PatientID=*&limit=100",
    "AccessionNumber": "/studies?AccessionNumber={accession_number}",
    "StudyID": "/studies?StudyID={study_id}",
    "PatientName": "/studies?PatientName={name}&limit=100",
    "PatientName=Smith*": "/studies?PatientName={family}*&limit=100",
    "PatientName=*James*": "/studies?PatientName=*{given}*&limit=100",
    "PatientName=Nobody*": "/studies?PatientName=Nobody*",
    "PatientName, fuzzy": "/studies?PatientName={given}&fuzzymatching=true&limit=100",
    "ReferringPhysicianName": "/studies?ReferringPhysicianName={referring}&limit=100",
    "StudyDescription=*Chest*": "/studies?StudyDescription=*{region}*&limit=100",
    "StudyDate, a day": "/studies?StudyDate={day}&limit=100",
    "StudyDate, four weeks": "/studies?StudyDate={month}01-{month}28&limit=100",
    "StudyDate, until a day": "/studies?StudyDate=-{day}&limit=100",
    "StudyDate with StudyTime": "/studies?StudyDate={day}-{day}&StudyTime=08-12&limit=100",
    "StudyTime, a minute": "/studies?StudyTime={minute}&limit=100",
    "ModalitiesInStudy=CT": "/studies?ModalitiesInStudy=CT&limit=100",
    "ModalitiesInStudy=PT": "/studies?ModalitiesInStudy=PT&limit=100",
    "ModalitiesInStudy, none's": "/studies?ModalitiesInStudy=XX",
    "Modality, BodyPartExamined": "/studies?Modality={modality}&BodyPartExamined={part}&limit=100",
    "SeriesNumber=7": "/studies?SeriesNumber=7&limit=100",
    "SOPClassesInStudy": "/studies?SOPClassesInStudy={sop_class}&limit=100",
    "SOPInstanceUID": "/studies?SOPInstanceUID={instance}",
    "PatientSex, empty": "/studies?PatientSex=%22%22&emptyvaluematching=true&limit=100",
    "PatientWeight in four weeks": "/studies?PatientWeight=72&StudyDate={month}01-{month}28&limit=100",
}
SERIES = {
    "of a study": "/studies/{study}/series",
    "a page of 100": "/series?limit=100",
    "a page of 100 at nine tenths": "/series?limit=100&offset={deep}",
    "SeriesInstanceUID": "/series?SeriesInstanceUID={series}",
    "Modality": "/series?Modality={modality}&limit=100",
    "SeriesNumber=3": "/series?SeriesNumber=3&limit=100",
    "PatientID": "/series?PatientID={patient_id}",
    "StudyDate, a day": "/series?StudyDate={day}&limit=100",
    "procedure step, a day": "/series?PerformedProcedureStepStartDate={day}&limit=100",
    "procedure step, a morning": (
        "/series?PerformedProcedureStepStartDate={day}-{day}&PerformedProcedureStepStartTime=08-12&limit=100"
    ),
    "ScheduledProcedureStepID": "/series?RequestAttributesSequence.ScheduledProcedureStepID={step}",
    "RequestedProcedureID=R…*": "/series?RequestAttributesSequence.RequestedProcedureID={procedure}*",
}
INSTANCES = {
    "of a series": "/studies/{study}/series/{series}/instances",
    "of a series, all fields": "/studies/{study}/series/{series}/instances?includefield=all",
    "of a study": "/studies/{study}/instances",
    "a page of 100": "/instances?limit=100",
    "a page of 100 at nine tenths": "/instances?limit=100&offset={deep}",
    "SOPInstanceUID": "/instances?SOPInstanceUID={instance}",
    "SOPClassUID": "/instances?SOPClassUID={sop_class}&limit=100",
    "InstanceNumber=7": "/instances?InstanceNumber=7&limit=100",
    "PatientID": "/instances?PatientID={patient_id}&limit=100",
    "Modality=PT": "/instances?Modality=PT&limit=100",
    "StudyDate, a day": "/instances?StudyDate={day}&limit=100",
}
SEARCHES = {
    f"{resource}: {name}": template
    for resource, searches in (("studies", STUDIES), ("series", SERIES), ("instances", INSTANCES))
    for name, template in searches.items()
}


def urls(template: str, series: Sequence[Series], size: int) -> list[str]:
    """Return the search for each of these series, every URL once.

    Args:
        template: one of the table.
        series: that are in the archive, at least two.
        size: rows of the searched resource in the archive.
    """
    deep = {"deep": str(size * 9 // 10)}
    return list(dict.fromkeys(template.format_map(_values(*two) | deep) for two in pairwise(series)))


def _values(series: Series, other: Series) -> dict[str, str]:
    study, patient, kind = series.study, series.study.patient, series.examination
    family, given = patient.name.split("^")
    values = {
        "study": study.uid,
        "other_study": other.study.uid,
        "series": series.uid,
        "instance": series.instance_uid(1),
        "patient_id": patient.patient_id,
        "name": patient.name,
        "family": family,
        "given": given,
        "referring": study.referring_physician,
        "accession_number": study.accession_number,
        "study_id": study.accession_number[-6:],
        "step": f"S{study.accession_number[-8:]}",
        "procedure": f"R{study.accession_number[-8:-1]}",
        "day": study.day,
        "month": study.day[:6],
        "minute": study.time[:4],
        "modality": kind.modality,
        "sop_class": kind.sop_class,
        "part": series.region,
        "region": series.region.title(),
    }
    return {name: quote(value) for name, value in values.items()}
