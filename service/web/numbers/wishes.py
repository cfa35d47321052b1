"""What the query of a volume asks for.

A parameter that is none of ours names an attribute, or is an error: whoever misspells one would get another
volume without a word.
"""

from urllib.parse import quote, urlencode

from starlette.requests import Request

from service.dicom.query.keys import path_of
from service.errors import InvalidParameter
from service.pixels.numbers.condition import Condition, written

OURS = frozenset({"accept"})
_LONGEST = 1024


def conditions_of(request: Request) -> tuple[Condition, ...]:
    """Return which frames are meant, as the query names attributes and their values.

    Raises:
        InvalidParameter: one is no attribute and no parameter of ours.
    """
    return tuple(
        _condition(name, text) for name, text in request.query_params.multi_items() if name not in OURS
    )


def _condition(name: str, text: str) -> Condition:
    path = path_of(name)
    if path is None:
        raise InvalidParameter(name, text, "a keyword or tag of an attribute, or a parameter of volumes")
    if not text or len(text) > _LONGEST:
        raise InvalidParameter(name, text, f'a value, or "" for none, of up to {_LONGEST} characters')
    return Condition(name, path, text)


def with_values(request: Request, url: str, values: dict[str, object]) -> str:
    """Return the URL with the query of a request, and with these values of attributes."""
    usual = [(name, text) for name, text in request.query_params.multi_items() if name not in values]
    own = [(name, written(value)) for name, value in values.items()]
    return f"{url}?{urlencode([*usual, *own], quote_via=quote, safe='/,')}"
