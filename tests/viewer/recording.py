"""The requests that OHIF sends: noticed while a browser runs, and kept as `recorded.json`."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

PATH = Path(__file__).parent / "recorded.json"
_UID = re.compile(r"(?<=/)(studies|series|instances)/[0-9.]+")
_BULKDATA = re.compile(r"(?<=/bulkdata/).*")


class Exchange(NamedTuple):
    """A request and how it was answered.

    Attributes:
        path: below the base URL, with its query.
        accept: the Accept field; empty where a browser's own was sent.
        range: the Range field, or nothing.
        content_type: of the answer, without its boundary.
    """

    method: str
    path: str
    accept: str
    range: str
    status: int
    content_type: str

    @property
    def kind(self) -> tuple[str, ...]:
        """What makes two requests the same but for their UIDs, numbers and searched values."""
        url = urlsplit(self.path)
        path = re.sub(r"(?<=/frames/)[0-9]+", "{frame}", _UID.sub(r"\1/{uid}", url.path))
        keys = sorted(key for key, _ in parse_qsl(url.query, keep_blank_values=True))
        place = _BULKDATA.sub("{path}", path)
        return self.method, place, *keys, self.accept, self.range, str(self.status), self.content_type


def without_boundary(content_type: str) -> str:
    """Return a Content-Type without the parameter that differs each time."""
    return re.sub(r"; boundary=[^;]*", "", content_type)


def recorded() -> list[Exchange]:
    """Return the exchanges that were recorded."""
    return [Exchange(**record) for record in json.loads(PATH.read_text())]


def unrecorded(exchanges: Iterable[Exchange]) -> list[str]:
    """Return one exchange of each kind that was not recorded, as it has to stand in `recorded.json`."""
    known = {exchange.kind for exchange in recorded()}
    new = {exchange.kind: exchange for exchange in exchanges if exchange.kind not in known}
    return [json.dumps(exchange._asdict()) for exchange in new.values()]
