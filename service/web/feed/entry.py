"""Changes as the feed tells them, by the names that Microsoft's DICOM service has for it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from service.archive.index.events.feed import QUIET, Change, Seen

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def entry(seen: Seen, base_url: str) -> bytes:
    """Return a change as a JSON object."""
    values = _values(seen.change)
    if seen.change.action != QUIET:
        values["State"] = seen.state
    text = orjson.dumps(values)
    if seen.metadata is None:
        return text
    return b'%s,"Metadata":%s}' % (text[:-1], seen.metadata.served(base_url))


def _values(change: Change) -> dict[str, Any]:
    values: dict[str, Any] = {"Sequence": change.sequence, "StudyInstanceUid": change.study}
    if change.instance:
        values |= {"SeriesInstanceUid": change.series, "SopInstanceUid": change.instance}
    return values | {"Action": change.action, "Timestamp": moment(change.time)}


def moment(microseconds: int) -> str:
    """Return a moment, given in microseconds since 1970, as RFC 3339 has it."""
    text = (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec="microseconds")
    return text.replace("+00:00", "Z")


def microseconds_of(text: str) -> int:
    """Return a moment in microseconds since 1970; one without a zone is of UTC.

    Raises:
        ValueError: it is none.
    """
    moment = datetime.fromisoformat(text)
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return (moment - _EPOCH) // timedelta(microseconds=1)
