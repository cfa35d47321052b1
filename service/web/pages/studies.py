"""The list of studies, with its search; in an empty archive, how to begin."""

import re
from dataclasses import asdict, dataclass
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from service.archive.index.browse import list_studies, modalities
from service.dicom.query.levels import Level
from service.dicom.query.query import SearchedResource, parse_query
from service.web.pages.page import page
from service.web.pages.rows import row_page
from service.web.state import service_of

_STUDIES_PER_PAGE = 100
_MAX_WORDS = 8
_SEPARATORS = re.compile(r"[\s,*\0]+")


@dataclass(frozen=True, slots=True)
class StudySearch:
    """What people look for.

    Attributes:
        q: words of name, ID, description and accession number, as they were typed.
        modality: one of the study's; empty for any.
        since: first study date, YYYY-MM-DD; empty for any.
        until: last study date.
    """

    q: str = ""
    modality: str = ""
    since: str = ""
    until: str = ""

    @property
    def words(self) -> list[str]:
        """The words that a study has to have."""
        return [word for word in _SEPARATORS.split(self.q) if word][:_MAX_WORDS]

    @property
    def keys(self) -> dict[str, str]:
        """The keys of the same search in QIDO-RS, without its words."""
        start, end = self.since.replace("-", ""), self.until.replace("-", "")
        dates = f"{start}-{end}" if start or end else ""
        keys = {"ModalitiesInStudy": self.modality, "StudyDate": dates}
        return {name: value for name, value in keys.items() if value}

    def query(self) -> str:
        """Return what stands after the question mark in the URL of this search."""
        return urlencode({name: value for name, value in asdict(self).items() if value})

    def qido(self) -> str:
        """Return the query of a search in QIDO-RS that is like this one; words are those of the name."""
        names = {"PatientName": f"*{'*'.join(self.words)}*"} if self.words else {}
        return urlencode(names | self.keys | {"limit": _STUDIES_PER_PAGE}, safe="*")


async def studies_page(request: Request) -> Response:
    """GET /."""
    archive = service_of(request).archive
    search = StudySearch(**{name: request.query_params.get(name, "") for name in StudySearch.__slots__})
    parameters = [*search.keys.items(), ("offset", request.query_params.get("offset", ""))]
    query = parse_query(parameters, SearchedResource(Level.STUDY), _STUDIES_PER_PAGE)
    listing = row_page(await archive.index.read(list_studies, query, search.words), query.offset)
    return await page(
        request,
        "studies.html",
        search=search,
        listing=listing,
        per_page=_STUDIES_PER_PAGE,
        modalities=await archive.index.read(modalities),
        is_empty=not listing.rows and search == StudySearch() and not query.offset,
    )
