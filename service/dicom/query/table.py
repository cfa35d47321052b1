"""The columns of a search that is answered as a table: which attributes, from which level, of which type.

With `includefield` the columns are those it names, in its order; without, they are what the search returns by
itself, and what it is searched by. Each has one name and one type, whatever matches: both are known before
the first row.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from operator import methodcaller
from typing import Any

from service.dicom.dictionary import has_one_value, keyword_of, vr_of
from service.dicom.query.keys import path_of
from service.dicom.query.levels import (
    COMPUTED,
    IF_KNOWN,
    REQUIRED,
    SHOWN_WITH_STUDY,
    Level,
    Path,
    level_of,
    tag_in,
)
from service.dicom.query.matches import Key
from service.dicom.query.query import SearchedResource
from service.dicom_json import Attributes, items
from service.errors import InvalidParameter

MAX_COLUMNS = 500
_ALL = "all"

Element = Mapping[str, Any]
Cell = Callable[[Element | None], Any]
"""Makes of an element, None for one that is missing, what stands in a table."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        name: as the table has it.
        path: tags, the outermost sequence first.
        level: of the data that hold it.
    """

    name: str
    path: Path
    level: Level

    @property
    def vr(self) -> str:
        """The dictionary's VR of its attribute."""
        return vr_of(self.path[-1])

    @property
    def is_list(self) -> bool:
        """Whether it can have several values: within sequences, or as the dictionary has it."""
        return len(self.path) > 1 or not has_one_value(self.path[-1])

    @property
    def finder(self) -> Callable[[Attributes], Element | None]:
        """What finds the element in many data sets: faster than `element` where it is at their top level."""
        return (
            self.element if len(self.path) > 1 or ":" in self.path[0] else methodcaller("get", self.path[0])
        )

    def element(self, attributes: Attributes) -> Element | None:
        """Return the element of a data set; one within sequences has the values of all items together."""
        if len(self.path) > 1:
            return {"Value": list(_nested(attributes, self.path))}
        (tag,) = self.path
        element: Element | None = attributes.get(tag_in(attributes, tag) if ":" in tag else tag)
        return element


def columns_of(
    included: Iterable[str], resource: SearchedResource, keys: Iterable[Key] = ()
) -> tuple[Column, ...]:
    """Return the columns of a table.

    Args:
        included: values of each `includefield`: keywords or tags, dotted inside sequences.
        resource: that is searched.
        keys: that it is searched by.

    Raises:
        InvalidParameter: one of them is none, or there are too many.
    """
    names = [name.strip() for value in included for name in value.split(",") if name.strip()]
    paths = [_path(name) for name in names] or [*_usual(resource), *(key.path for key in keys)]
    if len(paths) > MAX_COLUMNS:
        raise InvalidParameter("includefield", ",".join(names), f"at most {MAX_COLUMNS} columns")
    return tuple(_column(path, resource.level) for path in dict.fromkeys(paths))


def _path(name: str) -> Path:
    path = path_of(name)
    if not path:
        expected = (
            "a keyword, a tag of 8 hexadecimal digits, either dotted inside sequences, or ggggxxee:creator"
        )
        raise InvalidParameter("includefield", name, f"{expected}: a table's columns have to be named")
    return path


def _usual(resource: SearchedResource) -> Iterable[Path]:
    for level in resource.levels:
        for tag in (*REQUIRED[level], *IF_KNOWN[level], *COMPUTED[level]):
            yield (tag,)


def _column(path: Path, lowest: Level) -> Column:
    name = ".".join(map(keyword_of, path))
    level = Level.STUDY if lowest is Level.STUDY and path[0] in SHOWN_WITH_STUDY else level_of(path[0])
    if path[0] in COMPUTED[lowest]:
        level = lowest  # of which each level has its own
    return Column(name, path, min(level, lowest))


def _nested(attributes: Attributes, path: Path) -> Iterable[Any]:
    tag, *inner = path
    tag = tag_in(attributes, tag) if ":" in tag else tag
    if not inner:
        element = attributes.get(tag)
        yield from (element.get("Value") or ()) if isinstance(element, Mapping) else ()
        return
    for item in items(attributes, tag):
        yield from _nested(item, tuple(inner))
