"""The page of the audit, for admins: who did what, with a search, and the same as a table to download."""

import csv
import io
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from service.archive.index.owners.audit import EventSearch, find_events
from service.audit.audit import Audit
from service.audit.event import Action
from service.errors import Forbidden, InvalidParameter, NotFound
from service.web.pages.page import page
from service.web.pages.rows import RowPage
from service.web.state import scope_of, service_of

_EVENTS_PER_PAGE = 100
_EVENTS_PER_READ = 1000
_MAX_OFFSET = 10**9
_COLUMNS = (
    "time", "until", "source", "who", "means", "address", "action", "outcome", "status", "study", "patientId",
    "patientName", "accessionNumber", "resources", "series", "instances", "frames", "requests", "bytes",
    "query", "details", "id",
)  # fmt: skip
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class AuditSearch:
    """What is looked for, as it was typed; empty for any.

    Attributes:
        who: what is in the name of who did it.
        what: an action.
        patient: words of the patient's ID and name, and of the accession number.
        study: UID of the study.
        since: first day, YYYY-MM-DD, or moment.
        until: last day, or moment.
    """

    who: str = ""
    what: str = ""
    patient: str = ""
    study: str = ""
    since: str = ""
    until: str = ""

    def of_index(self) -> EventSearch:
        """Return the search as the index knows it.

        Raises:
            InvalidParameter: a day that is none.
        """
        return EventSearch(
            self.who.strip().casefold(),
            self.what,
            self.study.strip(),
            self.patient.casefold().split(),
            _milliseconds("since", self.since),
            _milliseconds("until", self.until, is_end=True),
        )

    def query(self) -> str:
        """Return what stands after the question mark in the URL of this search."""
        return urlencode({name: value for name, value in asdict(self).items() if value})


async def audit_page(request: Request) -> Response:
    """GET /audit."""
    audit = await _audit(request)
    await audit.flush(everything=True)
    search, offset = _search(request), _offset(request)
    contents = await service_of(request).archive.index.read(
        find_events, search.of_index(), offset, _EVENTS_PER_PAGE + 1
    )
    events = [orjson.loads(content) for content in contents]
    listing = RowPage(events[:_EVENTS_PER_PAGE], offset, len(events) > _EVENTS_PER_PAGE)
    actions = [action.value for action in Action]
    return await page(
        request, "audit.html", search=search, listing=listing, per_page=_EVENTS_PER_PAGE, actions=actions
    )


async def audit_table(request: Request) -> Response:
    """GET /audit.csv: all events of a search, the newest first."""
    audit = await _audit(request)
    await audit.flush(everything=True)
    headers = {
        "content-disposition": 'attachment; filename="audit.csv"',
        "cache-control": "no-store",
    }
    rows = _table(request, _search(request).of_index())
    return StreamingResponse(rows, 200, headers, "text/csv; charset=utf-8")


async def _audit(request: Request) -> Audit:
    """Return the audit.

    Raises:
        NotFound: the index does not keep it.
        Forbidden: who asks does not see all studies, and it tells of all.
    """
    audit = service_of(request).audit
    if audit is None or not audit.is_kept:
        raise NotFound("the audit is not kept in the index: DICOMWEB_AUDIT=index lets it be")
    if not scope_of(request).is_everything:
        raise Forbidden("the audit tells of the studies of all tenants")
    return audit


def _search(request: Request) -> AuditSearch:
    names = AuditSearch.__slots__
    return AuditSearch(**{name: request.query_params.get(name, "").replace("\0", "") for name in names})


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "")
    if text and not (text.isascii() and text.isdigit() and int(text[:12]) <= _MAX_OFFSET):
        raise InvalidParameter("offset", text, "a number")
    return int(text or 0)


def _milliseconds(name: str, text: str, *, is_end: bool = False) -> int | None:
    """Return a day or moment in UTC as milliseconds since 1970: its begin, or the begin of the next day."""
    if not text.strip():
        return None
    try:
        moment = datetime.fromisoformat(text.strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        is_day = len(text.strip()) == len("2026-01-31")
        return int((moment + timedelta(days=is_end and is_day)).timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise InvalidParameter(name, text, "a day as in 2026-01-31, or a moment") from error


async def _table(request: Request, search: EventSearch) -> AsyncIterator[bytes]:
    """Yield the table, some rows at a time. Events that come meanwhile are left out."""
    until = int(datetime.now(UTC).timestamp() * 1000) + 1
    search = search._replace(until=until if search.until is None else search.until)
    index, offset = service_of(request).archive.index, 0
    yield _rows([dict(zip(_COLUMNS, _COLUMNS, strict=True))])
    while contents := await index.read(find_events, search, offset, _EVENTS_PER_READ):
        yield _rows([_with_details(orjson.loads(content)) for content in contents])
        offset += len(contents)


def _with_details(event: dict[str, Any]) -> Mapping[str, Any]:
    """Return an event with what has no column of its own, such as the tenant that a study is given to."""
    details = {name: value for name, value in event.items() if name not in _COLUMNS}
    return event | {"details": orjson.dumps(details).decode()} if details else event


def _rows(events: list[Mapping[str, Any]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([_cell(event.get(name)) for name in _COLUMNS] for event in events)
    return text.getvalue().encode()


def _cell(value: object) -> str:
    """Return a value as text that no spreadsheet takes for a formula."""
    text = " ".join(map(str, value)) if isinstance(value, list) else "" if value is None else str(value)
    return f"'{text}" if text.startswith(_FORMULA) else text
