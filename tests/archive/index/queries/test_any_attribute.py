"""Searches by any attribute find what a look at every data set finds, which is written without them."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from service.archive.index.queries.filing import file_values, unfiled, values_of
from service.dicom.query.filed import filed_attributes
from service.dicom.query.levels import Level
from tests.archive.stored import INSTANCES, SERIES, STUDIES, UIDS, hits
from tests.metadata import data_set, element, instance, store, tag

Is = Callable[[Any], bool]
DataSet = dict[str, Any]
CREATOR = "ACME 1.2"


def private(number: int) -> DataSet:
    """Return a private value, whose block is another one in every other data set."""
    block = f"{16 + number % 2:02X}"
    taken = {"00290010": element("LO", "OTHER")} if number % 2 else {}
    return taken | {f"002900{block}": element("LO", CREATOR), f"0029{block}01": element("DS", number / 4)}


def made_up(number: int) -> DataSet:
    series = number % 4
    code = data_set(CodeValue=f"C{series}", CodingSchemeDesignator=["DCM", "SRT"][number % 2])
    item = data_set(RequestedProcedureID=f"R{series}", RequestedProcedureCodeSequence=[code])
    plain = instance(
        f"{number % 2}.{series}.{number}",
        PatientWeight=60 + number % 2,
        SliceThickness=number / 2 - 3,
        EchoTime=None if number % 5 == 0 else number * 10,
        Rows=256 * (1 + number % 3),
        PixelSpacing=[0.5, number / 10],
        ImageType=["ORIGINAL", ["PRIMARY", "SECONDARY"][number % 2], f"M{number % 3}"],
        ProtocolName=f"Protocol {series}",
        AcquisitionDate=f"202401{1 + number:02}",
        ImageComments=f"note {number % 7}",
        RequestAttributesSequence=[item] if series < 3 else [],
    )
    return plain | private(number)


CORPUS = list(map(made_up, range(24)))


@pytest.fixture(params=["read", "filed", "filed before"])
def index(connection: sa.Connection, request: pytest.FixtureRequest) -> Iterator[sa.Connection]:
    """All data sets, whose values are read, or have been filed, or were filed when some had others."""
    if request.param == "filed before":
        store(connection, *({**made_up(number + 3), **_uids(number)} for number in range(0, 24, 2)))
        file_all(connection)
    store(connection, *CORPUS)
    if request.param == "filed":
        file_all(connection)
    yield connection
    connection.rollback()


def _uids(number: int) -> DataSet:
    return {name: CORPUS[number][name] for name in map(tag, UIDS.values())}


def file_all(connection: sa.Connection) -> None:
    attributes = filed_attributes([name for name, *_ in LOOKED_FOR])
    for level in Level:
        of_level = [attribute for attribute in attributes if attribute.level is level]
        owners = unfiled(connection, of_level, 1000) if of_level else []
        file_values(connection, {owner: values_of(connection, of_level, owner) for owner in owners})


def values(data: DataSet, *tags: str) -> list[Any]:
    *sequences, last = tags
    for sequence in sequences:
        items = data.get(sequence, {}).get("Value", [])
        return [value for item in items for value in values(item, *tags[1:])]
    value: list[Any] = data.get(last, {}).get("Value", [])
    return value


def of(*keywords: str) -> Callable[[DataSet], list[Any]]:
    return lambda data: values(data, *map(tag, keywords))


def of_creator(data: DataSet) -> list[Any]:
    return values(data, "00291001") if values(data, "00290010") == [CREATOR] else values(data, "00291101")


def between(low: float, high: float) -> Is:
    return lambda value: low <= value <= high


LOOKED_FOR: list[tuple[str, str, Callable[[DataSet], list[Any]], Is]] = [
    ("SliceThickness", "0-2", of("SliceThickness"), between(0, 2)),
    ("SliceThickness", "-2.5--1", of("SliceThickness"), between(-2.5, -1)),
    ("SliceThickness", "-2", of("SliceThickness"), lambda value: value == -2),
    ("SliceThickness", "*-0.5", of("SliceThickness"), lambda value: value <= 0.5),
    ("SliceThickness", "4-", of("SliceThickness"), lambda value: value >= 4),
    ("EchoTime", "100-120", of("EchoTime"), between(100, 120)),
    ("EchoTime", "100.0", of("EchoTime"), lambda value: value == 100),
    ("Rows", "300-600", of("Rows"), between(300, 600)),
    ("PatientWeight", "60.5-", of("PatientWeight"), lambda value: value >= 60.5),
    ("PixelSpacing", "1.5-1.7", of("PixelSpacing"), between(1.5, 1.7)),
    ("ImageType", "M1", of("ImageType"), lambda value: value == "M1"),
    ("ImageType", "SEC*", of("ImageType"), lambda value: value.startswith("SEC")),
    ("ProtocolName", "*3", of("ProtocolName"), lambda value: value.endswith("3")),
    ("AcquisitionDate", "20240110-20240112", of("AcquisitionDate"), between("20240110", "20240112")),  # type: ignore[arg-type]
    ("ImageComments", "note 5", of("ImageComments"), lambda value: value == "note 5"),
    (
        "RequestAttributesSequence.RequestedProcedureID",
        "R1",
        of("RequestAttributesSequence", "RequestedProcedureID"),
        lambda value: value == "R1",
    ),
    (
        "RequestAttributesSequence.RequestedProcedureCodeSequence.CodeValue",
        "C2",
        of("RequestAttributesSequence", "RequestedProcedureCodeSequence", "CodeValue"),
        lambda value: value == "C2",
    ),
    (f"0029xx01:{CREATOR}", "2.50", of_creator, lambda value: value == 2.5),
    (f"0029xx01:{CREATOR}", "2.5", of_creator, lambda value: value == 2.5),
    (f"0029xx01:{CREATOR}", "2-3", of_creator, between(2, 3)),
    ("0029xx01:OTHER", "2.5", lambda _: [], bool),
    ("00291001", "2.5", lambda data: values(data, "00291001"), lambda value: value == 2.5),
]


@pytest.mark.parametrize(
    ("name", "value", "values_in", "fits"),
    LOOKED_FOR,
    ids=[f"{name}={value}" for name, value, *_ in LOOKED_FOR],
)
def test_a_search_finds_what_a_look_at_every_data_set_finds(
    index: sa.Connection, name: str, value: str, values_in: Callable[[DataSet], list[Any]], fits: Is
) -> None:
    found = [data for data in CORPUS if any(map(fits, values_in(data)))]

    for resource in (INSTANCES, SERIES, STUDIES):
        uid = tag(UIDS[resource.level])
        assert set(hits(index, resource, (name, value))) == {values(data, uid)[0] for data in found}
