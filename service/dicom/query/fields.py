"""`includefield` → the attributes that a client wants to see. PS3.18 8.3.4.3."""

from collections.abc import Iterable
from dataclasses import dataclass

from service.dicom.query.keys import path_of
from service.dicom.query.levels import creator_of
from service.errors import InvalidParameter

_ALL = "all"


@dataclass(frozen=True, slots=True)
class Fields:
    """Attributes that are wanted.

    Attributes:
        tags: of data sets; within sequences, of the outermost one. A private one comes with its creator.
        all: every attribute there is.
    """

    tags: frozenset[str]
    all: bool


def fields_of(values: Iterable[str], keys: Iterable[str] = ()) -> Fields:
    """Return what each `includefield` and the keys of a search name.

    Args:
        values: keywords, tags or `all`, with commas between them.
        keys: tags that are wanted besides.

    Raises:
        InvalidParameter: one of them is none.
    """
    names = {name.strip() for value in values for name in value.split(",")} - {""}
    tags = {*keys, *map(_tag, names - {_ALL})}
    return Fields(frozenset(tags | set(map(creator_of, tags)) - {""}), _ALL in names)


def _tag(name: str) -> str:
    path = path_of(name)
    if not path:
        raise InvalidParameter("includefield", name, "a keyword, a tag of 8 hexadecimal digits, or all")
    return path[0]
