"""The list of studies, with its search; in an empty archive, how to begin."""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import partial
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.queries.browse import (
    COUNTED_STUDIES,
    count_studies,
    list_studies,
    modalities,
)
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource, parse_query
from service.dicom_json import DicomJson, first_value
from service.errors import InvalidParameter
from service.web.pages.page import page
from service.web.pages.rows import row_page
from service.web.state import scope_of, service_of

_STUDIES_PER_PAGE = 100
_MAX_WORDS = 8
_ADDED = "added"  # of which QIDO-RS knows nothing
_ORDERS = {"": "", "date": "", "name": "PatientName", _ADDED: ""}  # as the form has them → as `orderby` does
_STUDY_INSTANCE_UID = "0020000D"
_SEPARATORS = re.compile(r"[\s,*\0]+")


@dataclass(frozen=True, slots=True)
class StudySearch:
    """What people look for.

    Attributes:
        q: words of name, ID, description and accession number, as they were typed.
        modality: one of the study's; empty for any.
        since: first study date, YYYY-MM-DD; empty for any.
        until: last study date.
        sort: "name" or "added"; empty for the newest date first.
    """

    q: str = ""
    modality: str = ""
    since: str = ""
    until: str = ""
    sort: str = ""

    @property
    def is_narrow(self) -> bool:
        """Whether it leaves any study out."""
        return any((self.q, self.modality, self.since, self.until))

    @property
    def words(self) -> list[str]:
        """The words that a study has to have."""
        return [word for word in _SEPARATORS.split(self.q) if word][:_MAX_WORDS]

    @property
    def keys(self) -> dict[str, str]:
        """The keys of the same search in QIDO-RS, without its words."""
        start, end = self.since.replace("-", ""), self.until.replace("-", "")
        dates = f"{start}-{end}" if start or end else ""
        keys = {
            "ModalitiesInStudy": self.modality,
            "StudyDate": dates,
            "orderby": _sorted_by(self.sort),
        }
        return {name: value for name, value in keys.items() if value}

    def query(self) -> str:
        """Return what stands after the question mark in the URL of this search."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def qido(self) -> str:
        """Return the query of a search in QIDO-RS that is like this one; words are those of the name."""
        names = {"PatientName": f"*{'*'.join(self.words)}*"} if self.words else {}
        return urlencode(names | self.keys | {"limit": _STUDIES_PER_PAGE}, safe="*")

    def csv(self, shown: Iterable[DicomJson]) -> str:
        """Return the query in QIDO-RS of a file for a spreadsheet: of all that match this search.

        What words mean here no search knows: with some, it is of the studies that are shown.
        """
        uids = (str(first_value(study, _STUDY_INSTANCE_UID)) for study in shown)
        named = {"StudyInstanceUID": ",".join(uids)} if self.words else {}
        return urlencode(named | self.keys | {"accept": "text/csv", "spreadsheet": "true"}, safe=",/")


async def studies_page(request: Request) -> Response:
    """GET /."""
    archive = service_of(request).archive
    search = StudySearch(**{name: request.query_params.get(name, "") for name in StudySearch.__slots__})
    parameters = [*search.keys.items(), ("offset", request.query_params.get("offset", ""))]
    query = parse_query(parameters, SearchedResource(Level.STUDY), _STUDIES_PER_PAGE)
    listed = partial(list_studies, last_first=search.sort == _ADDED)
    listing = row_page(await archive.index.read(listed, scope_of(request), query, search.words), query.offset)
    return await page(
        request,
        "studies.html",
        search=search,
        listing=listing,
        per_page=_STUDIES_PER_PAGE,
        count=_count_of(await archive.index.read(count_studies, scope_of(request), query, search.words)),
        modalities=await archive.index.read(modalities, scope_of(request)),
        is_empty=not listing.rows and not search.is_narrow and not query.offset,
    )


def _sorted_by(sort: str) -> str:
    """Return what QIDO-RS calls an order.

    Raises:
        InvalidParameter: there is no such order.
    """
    if sort not in _ORDERS:
        raise InvalidParameter("sort", sort, f"one of {', '.join(filter(None, _ORDERS))}")
    return _ORDERS[sort]


def _count_of(number: int) -> str:
    if number > COUNTED_STUDIES:
        return f"More than {COUNTED_STUDIES:,} studies"
    return f"{number:,} {'study' if number == 1 else 'studies'}"
