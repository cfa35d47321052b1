"""What a page is about, as the searches of QIDO-RS know it: DICOM JSON, one row or a page of them."""

from dataclasses import dataclass

import anyio.to_thread
from starlette.requests import Request

from service.archive import Archive
from service.archive.index.lookups.metadata import attributes_of
from service.archive.index.queries.search import Page, search
from service.archive.instance import Instance
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource, parse_query
from service.dicom_json import DicomJson
from service.web.http.requests.request import target_of
from service.web.state import scope_of, service_of

PER_PAGE = 200  # series of a study, instances of a series
_IN_STRIP = 60  # series of a study, beside a picture

_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


@dataclass(frozen=True, slots=True)
class RowPage:
    """One page of rows.

    Attributes:
        rows: as DICOM JSON.
        offset: how many there are before them.
        has_more: there are others after them.
    """

    rows: list[DicomJson]
    offset: int
    has_more: bool

    @property
    def end(self) -> int:
        """How many there are up to the last of them."""
        return self.offset + len(self.rows)


def row_page(page: Page, offset: int) -> RowPage:
    """Return a page of the archive as pages of ours show it."""
    return RowPage([row.parsed() for row in page.rows], offset, page.remaining > 0)


async def row_of(request: Request) -> DicomJson:
    """Return the row of the study, series or instance that the path names, with what is above it.

    Raises:
        StudyNotFound, SeriesNotFound, InstanceNotFound: it is not here.
    """
    archive = service_of(request).archive
    target = target_of(request)
    keys = [(name, uid) for name, uid in zip(_UIDS, target, strict=True) if uid]
    query = parse_query(keys, SearchedResource(Level(len(keys) - 1)), 1)
    page = await archive.index.read(search, scope_of(request), query)
    if not page.rows:
        raise target.not_found()
    return page.rows[0].parsed()


async def rows_below(request: Request, level: Level, limit: int) -> RowPage:
    """Return the page of the series or instances that the query's `offset` begins.

    Raises:
        InvalidParameter: an offset that is none.
    """
    archive = service_of(request).archive
    target = target_of(request)
    parameters = [("offset", request.query_params.get("offset", ""))]
    query = parse_query(parameters, SearchedResource(level, target.study, target.series), limit)
    return row_page(await archive.index.read(search, scope_of(request), query), query.offset)


async def strip_of(request: Request) -> RowPage:
    """Return the first series of the study that the path names, to go from one to another."""
    resource = SearchedResource(Level.SERIES, target_of(request).study)
    query = parse_query([], resource, _IN_STRIP)
    return row_page(await service_of(request).archive.index.read(search, scope_of(request), query), 0)


async def all_attributes(archive: Archive, instance: Instance) -> DicomJson:
    """Return the metadata of an instance, parsed in a thread: those of a multi-frame one are long.

    Raises:
        InstanceNotFound: it was deleted meanwhile.
    """
    return await anyio.to_thread.run_sync(archive.index.read_now, attributes_of, instance)
