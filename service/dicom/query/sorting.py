"""`orderby` → the attributes by which matches are sorted. Not of the Standard: dcm4chee has it so.

What has a column can be sorted by, on the level of the matches and above. Anything else is refused, since
an answer in another order than the one asked for looks right and is not.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from service.dicom.dictionary import described, tag_of
from service.dicom.query.columns import COLUMNS
from service.dicom.query.keys import path_of
from service.dicom.query.levels import Level, Path, level_of
from service.errors import InvalidParameter

MAX_SORT_KEYS = 16

_MODALITIES_IN_STUDY: Path = (tag_of("ModalitiesInStudy") or "",)
SORTED_COLUMNS: dict[Path, str] = COLUMNS | {_MODALITIES_IN_STUDY: "modalities"}
"""Columns of the table of the attribute's level."""


@dataclass(frozen=True, slots=True)
class SortKey:
    """One attribute that matches are sorted by.

    Attributes:
        column: of the table of its level.
        level: that the attribute belongs to.
        is_descending: the largest value comes first.
    """

    column: str
    level: Level
    is_descending: bool = False


def sort_keys_of(values: Iterable[str], lowest: Level) -> tuple[SortKey, ...]:
    """Return what matches are sorted by, the most important first.

    Args:
        values: of each `orderby`: keywords or tags with commas between them, those after a minus sign
            descending.
        lowest: the level of the matches.

    Raises:
        InvalidParameter: an attribute that they cannot be sorted by, or too many.
    """
    names = [name.strip() for value in values for name in value.split(",") if name.strip()]
    if len(names) > MAX_SORT_KEYS:
        raise InvalidParameter("orderby", ",".join(names), f"at most {MAX_SORT_KEYS} attributes")
    return tuple(_sort_key(name, lowest) for name in names)


def _sort_key(name: str, lowest: Level) -> SortKey:
    path = path_of(name[1:] if name.startswith(("-", "+")) else name)
    column = SORTED_COLUMNS.get(path) if path else None
    if not path or column is None or level_of(path[0]) > lowest:
        raise InvalidParameter(
            "orderby", name, f"one of {', '.join(_sortable(lowest))}; descending with - before it"
        )
    return SortKey(column, level_of(path[0]), name.startswith("-"))


def _sortable(lowest: Level) -> Iterator[str]:
    """Yield the keywords of what can be sorted by, the attributes of a Study first."""
    for level in Level:
        if level <= lowest:
            tags = (tag for (tag,) in SORTED_COLUMNS if level_of(tag) is level)
            yield from (described(int(tag, 16)).partition(" ")[0] for tag in tags)
