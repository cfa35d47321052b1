"""What is asked of the feed; names of parameters in whatever case, as Microsoft's service takes them."""

from dataclasses import dataclass

from starlette.requests import Request

from service.archive.index.events.feed import Window
from service.errors import InvalidParameter
from service.web.feed.entry import microseconds_of

MAX_LIMIT, DEFAULT_LIMIT = 200, 100

_MAX_OFFSET = 2**63 - 1
_BOOLEANS = {"true": True, "false": False}
_NAMES = ("offset", "limit", "starttime", "endtime", "includemetadata")


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """What is asked of the feed.

    Attributes:
        offset: the Sequence that the client had last, or how many of a window it skips; None if not said.
        limit: how many changes it wants at most.
        window: of time; None for none.
        with_metadata: whether it wants them; None: not said.
        ignored: parameters that are not known.
    """

    offset: int | None
    limit: int
    window: Window | None
    with_metadata: bool | None
    ignored: list[str]


def feed_request(request: Request) -> FeedRequest:
    """Return what a request asks of the feed.

    Raises:
        InvalidParameter: a value is not of its kind.
    """
    pairs = request.query_params.multi_items()
    values = {name.lower(): value for name, value in pairs}
    start, end = (_moment(values, name) for name in ("starttime", "endtime"))
    return FeedRequest(
        _number(values, "offset", 0, _MAX_OFFSET),
        _number(values, "limit", 1, MAX_LIMIT) or DEFAULT_LIMIT,
        None if start is end is None else Window(start, end),
        _boolean(values, "includemetadata"),
        [name for name, _ in pairs if name.lower() not in _NAMES],
    )


def _number(values: dict[str, str], name: str, least: int, most: int) -> int | None:
    text = values.get(name)
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and least <= int(text[:20]) <= most):
        raise InvalidParameter(name, text, f"a number from {least} to {most}")
    return int(text)


def _moment(values: dict[str, str], name: str) -> int | None:
    text = values.get(name)
    if not text:
        return None
    try:
        return microseconds_of(text.replace(" ", "+"))  # a plus sign that was not encoded
    except ValueError as error:
        raise InvalidParameter(name, text, "a time as in 2026-11-28T16:00:00Z") from error


def _boolean(values: dict[str, str], name: str) -> bool | None:
    text = values.get(name)
    if not text:
        return None
    if text.lower() not in _BOOLEANS:
        raise InvalidParameter(name, text, "true or false")
    return _BOOLEANS[text.lower()]
