"""Values of an attribute as they are filed, so that whoever asks for one need not look at every data set.

What is filed only tells where a match may be: whether there is one, the data sets tell.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, NamedTuple

from service.dicom.dictionary import vr_of
from service.dicom.query.columns import COLUMNS, REQUEST_COLUMNS
from service.dicom.query.keys import path_of
from service.dicom.query.levels import Level, Path, level_of, tag_in
from service.dicom.query.matches import EmptyMatch, Key
from service.dicom_json import Attributes, items
from service.errors import InvalidParameter

MAX_CHARACTERS = 256  # of a value that is filed
MAX_VALUES = 2_000  # of a series or study


class Filed(NamedTuple):
    """One value: its text, and the number nearest to it if it is one."""

    text: str | None
    number: float | None


ANYTHING = Filed(None, None)
"""Stands for values that are not filed."""


class FiledAttribute(NamedTuple):
    """An attribute whose values are filed.

    Attributes:
        path: of it.
        level: of the data sets that hold it.
    """

    path: Path
    level: Level

    @property
    def name(self) -> str:
        """What it is filed under."""
        return f"{self.level.value}/{'.'.join(self.path)}"

    def values(self, data_sets: Iterable[Attributes]) -> set[Filed]:
        """Return the values that data sets have, or at least that they may have any."""
        key = Key(self.path, self.level, EmptyMatch())
        values: set[Filed] = set()
        for data_set in data_sets:
            for holder in _holders(data_set, self.path):
                values |= {_filed(value) for value in key.values(holder)}
            if len(values) > MAX_VALUES:
                return {ANYTHING}
        return values


def filed_attributes(names: Iterable[str]) -> list[FiledAttribute]:
    """Return the attributes of a setting, but those that the index has in columns anyhow.

    Raises:
        InvalidParameter: one of them is no attribute, or has values that cannot be filed.
    """
    attributes = dict.fromkeys(map(_attribute, names))
    return [
        attribute
        for attribute in attributes
        if attribute.path not in COLUMNS and attribute.path not in REQUEST_COLUMNS
    ]


def filed_problem(names: Iterable[str]) -> str | None:
    """Return what is wrong with the attributes of a setting; None if nothing is."""
    try:
        filed_attributes(names)
    except InvalidParameter as error:
        return error.message
    return None


def _attribute(name: str) -> FiledAttribute:
    path = path_of(name)
    if not path or vr_of(path[-1]) in ("PN", "SQ"):
        expected = "keywords or tags of attributes that are no person names and no sequences, with commas"
        raise InvalidParameter("DICOMWEB_INDEX", name, expected)
    return FiledAttribute(path, level_of(path[0]))


def _holders(attributes: Attributes, path: Path) -> Iterator[Attributes]:
    """Yield what holds the innermost attribute: the data set, or all items it may be in."""
    tag, *inner = path
    if not inner:
        yield attributes
        return
    for item in items(attributes, tag_in(attributes, tag) if ":" in tag else tag):
        yield from _holders(item, tuple(inner))


def _filed(value: Any) -> Filed:
    if isinstance(value, Decimal):
        return Filed(str(value), float(value))
    return Filed(value, None) if isinstance(value, str) and len(value) <= MAX_CHARACTERS else ANYTHING
