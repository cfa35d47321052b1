"""Attributes that are searched by often: found where all data sets would be too many to look at."""

import httpx
import pytest

from service.app import create_app
from service.archive import Archive
from service.archive.index.queries import unindexed
from service.archive.index.queries.filing import forget_others
from service.archive.tasks.filing import file_some
from service.dicom.query.filed import filed_attributes
from service.errors import InvalidParameter
from service.scope import EVERYTHING
from service.settings import Settings
from tests.metadata import instance, store
from tests.waiting import until

URL = "http://127.0.0.1:8080/dicom-web/instances"
NAMES = ["SliceThickness", "PatientWeight", "ProtocolName", "RequestAttributesSequence.CodeValue"]


@pytest.fixture
def archive(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """An archive of more series than may be looked at."""
    monkeypatch.setattr(unindexed, "MAX_DOCUMENTS", 3)
    archive.index.write_now(store, *(instance(f"1.{n}.1", SliceThickness=n / 4) for n in range(1, 9)))
    return archive


async def test_what_is_searched_by_often_is_found_once_it_has_been_filed(archive: Archive) -> None:
    app = create_app(Settings(index=NAMES), archive)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app))

    async def found(value: str) -> list[str]:
        response = await client.get(URL, params={"SliceThickness": value})
        assert response.status_code in (200, 204, 413), response.text
        if response.status_code == 413:
            return ["too many"]
        matches = response.json() if response.content else []
        return [match["00080018"]["Value"][0] for match in matches]

    assert await found("0.5") == ["too many"]
    async with app.router.lifespan_context(app):

        async def is_filed() -> bool:
            return await found("0.5") == ["1.2.1"]

        assert await until(is_filed)
        assert await found("1.5-1.75") == ["1.6.1", "1.7.1"]
        assert await found("9") == []
        assert await found("0-9") == ["too many"]

        archive.index.write_now(
            store, instance("1.3.2", SliceThickness=9), instance("1.2.1", SliceThickness=8)
        )
        await archive.delete(EVERYTHING, "1", "1.6", None)

        assert await found("9") == ["1.3.2"]
        assert await found("0.5") == []
        assert await found("8") == ["1.2.1"]

        async def is_filed_again() -> bool:
            return await found("1.5-1.75") == ["1.7.1"]

        assert await until(is_filed_again)


def test_what_has_changed_is_filed_again_and_nothing_else(archive: Archive) -> None:
    attributes = filed_attributes(["SliceThickness"])
    while not file_some(archive, attributes):
        pass

    assert file_some(archive, attributes)
    archive.index.write_now(store, instance("1.3.2", SliceThickness=9))
    assert not file_some(archive, attributes)
    assert file_some(archive, attributes)


def test_what_is_not_searched_by_any_more_is_forgotten(archive: Archive) -> None:
    attributes = filed_attributes(["SliceThickness"])
    while not file_some(archive, attributes):
        pass

    archive.index.write_now(forget_others, filed_attributes(["EchoTime"]))

    assert not file_some(archive, attributes)


@pytest.mark.parametrize("name", ["SliceThicknes", "OperatorsName", "RequestAttributesSequence"])
def test_what_cannot_be_filed_is_refused(name: str) -> None:
    with pytest.raises(InvalidParameter, match=f"DICOMWEB_INDEX={name}"):
        filed_attributes([name])


def test_what_has_a_column_needs_no_filing() -> None:
    assert filed_attributes(["StudyDate", "RequestAttributesSequence.RequestedProcedureID"]) == []
