"""Three studies that differ in everything a search looks at, and short ways to ask for them."""

import sqlalchemy as sa

from service.archive.index.queries.search import Page, search
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource, parse_query
from service.scope import EVERYTHING
from tests.metadata import MR, data_set, instance, tag

STUDIES, SERIES, INSTANCES = (
    SearchedResource(Level.STUDY),
    SearchedResource(Level.SERIES),
    SearchedResource(Level.INSTANCE),
)
UIDS = {Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID", Level.INSTANCE: "SOPInstanceUID"}

THORAX = {
    "StudyDate": "20240131",
    "StudyTime": "0815",
    "PatientName": "Müller^Jürgen",
    "PatientID": "P_1%",
    "StudyDescription": "CT Thorax",
    "ReferringPhysicianName": "Smith-Jones^Ann",
    "PatientAge": "045Y",
    "PatientWeight": 70.5,
}
HEAD = {
    "StudyDate": "20240102",
    "StudyTime": "223000.5",
    "PatientName": "Yamada^Tarou=山田^太郎=やまだ^たろう",
    "PatientID": "p21",
    "StudyDescription": None,
    "AccessionNumber": "A\\1",
    "StudyID": "S*",
}
UNKNOWN = {"PatientName": None, "PatientID": "P21"}
REQUESTS = [
    data_set(ScheduledProcedureStepID="S1", RequestedProcedureID="R1"),
    data_set(ScheduledProcedureStepID="S2", RequestedProcedureID="R2"),
]
STORED = [
    instance("1.1.1", **THORAX, Modality="CT", SeriesNumber=2, InstanceNumber=2, KVP=120, Rows=512),
    instance("1.1.2", **THORAX, Modality="CT", SeriesNumber=2, InstanceNumber=1, KVP=100, Rows=512),
    instance("1.2.1", **THORAX, Modality="SR", SeriesNumber=1, SOPClassUID=MR, InstanceNumber=None),
    instance("2.1.1", **HEAD, Modality="MR", SeriesDescription="T1 ax", RequestAttributesSequence=REQUESTS),
    instance("3.1.1", **UNKNOWN, Modality="CT", BodyPartExamined="HEAD", ImageType=["ORIGINAL", "PRIMARY"]),
]


def find(connection: sa.Connection, resource: SearchedResource, *parameters: tuple[str, str]) -> Page:
    return search(connection, EVERYTHING, parse_query(parameters, resource, max_results=1000))


def uids(page: Page, level: Level) -> list[str]:
    return [row.parsed()[tag(UIDS[level])]["Value"][0] for row in page.rows]


def hits(connection: sa.Connection, resource: SearchedResource, *parameters: tuple[str, str]) -> list[str]:
    return uids(find(connection, resource, *parameters), resource.level)
