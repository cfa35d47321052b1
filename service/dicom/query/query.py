"""QIDO-RS parameters → Query: what matches, which of its attributes, which page. PS3.18 8.3.4, 10.6."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from service.dicom.query.fields import fields_of
from service.dicom.query.keys import NEVER_MATCHED, Matching, combined, keys_of, path_of
from service.dicom.query.levels import Level, Path
from service.dicom.query.matches import Key
from service.dicom.query.sorting import SortKey, sort_keys_of
from service.errors import BadRequest, InvalidParameter

QueryParameters = Sequence[tuple[str, str]]

MAX_KEYS = 100
_LARGEST = 2**62
_UID = re.compile(r"[0-9.]{1,64}", re.ASCII)
_NO_KEYS = frozenset(("includefield", "orderby", "accept", "spreadsheet"))
_OPTIONS = frozenset(("limit", "offset", "fuzzymatching", "emptyvaluematching", "multiplevaluematching"))
# What has a date and a time that belong together, PS3.18 8.3.4.1.1.
_MOMENTS = (
    "Study",
    "Series",
    "Acquisition",
    "Content",
    "PerformedProcedureStepStart",
    "PerformedProcedureStepEnd",
)
_TIMES_OF_DATES = {path_of(f"{moment}Date"): path_of(f"{moment}Time") for moment in _MOMENTS}


@dataclass(frozen=True, slots=True)
class SearchedResource:
    """One of the six resources that can be searched. PS3.18 Table 10.6.1-1.

    Attributes:
        level: of what is looked for.
        study: the UID in the path; None for all studies.
        series: the UID in the path; None for all series.

    Raises:
        InvalidParameter: a UID that can be none.
    """

    level: Level
    study: str | None = None
    series: str | None = None

    def __post_init__(self) -> None:
        for name, uid in (("study", self.study), ("series", self.series)):
            if uid is not None and not _UID.fullmatch(uid):
                raise InvalidParameter(name, uid, "a UID of digits and dots, at most 64 characters")

    @property
    def levels(self) -> tuple[Level, ...]:
        """The levels whose attributes are returned: from the first that the path does not name."""
        named = (self.study is not None) + (self.series is not None)
        return tuple(level for level in Level if named <= level <= self.level)


@dataclass(frozen=True, slots=True)
class Query:
    """What a client looks for.

    Attributes:
        resource: where.
        keys: which all have to match.
        fields: tags it wants to see besides those always returned.
        all_fields: it wants to see all there are.
        limit: how many matches at most, the server's maximum included.
        offset: how many matches to skip.
        sort_keys: what they are sorted by; without any, as the index has them.
        ignored: names of parameters that had no say.
    """

    resource: SearchedResource
    keys: tuple[Key, ...]
    fields: frozenset[str]
    all_fields: bool
    limit: int
    offset: int
    sort_keys: tuple[SortKey, ...] = ()
    ignored: tuple[str, ...] = ()


def parse_query(parameters: QueryParameters, resource: SearchedResource, max_results: int) -> Query:
    """Return what the parameters of a search ask for.

    Args:
        parameters: names and values, percent-decoded, in their order.
        resource: what is searched.
        max_results: on one page, whatever the client asks for.

    Raises:
        BadRequest: a key given twice, or too many of them.
        InvalidParameter, InvalidKey: a value that is not of its kind.
    """
    named = [(name, value.strip(" "), path_of(name)) for name, value in parameters]
    attributes = {path: (name, value) for name, value, path in named if path}
    options = {name: value for name, value, _ in named if name in _OPTIONS}
    _check_counts(named)
    matching = Matching(
        fuzzy=_is_true(options, "fuzzymatching"),
        empty_values=_is_true(options, "emptyvaluematching"),
        multiple_values=_is_true(options, "multiplevaluematching"),
    )
    keys = [keys_of(name, path, value, matching) for path, (name, value) in attributes.items()]
    ranges = {path for path, (_, value) in attributes.items() if "-" in value}
    included = (value for name, value, _ in named if name == "includefield")
    fields = fields_of(included, (path[0] for path in attributes))
    return Query(
        resource,
        keys=with_combined_ranges(list(chain.from_iterable(keys)), ranges),
        fields=fields.tags,
        all_fields=fields.all,
        limit=min(_count(options, "limit", max_results), max_results),
        offset=_count(options, "offset", 0),
        sort_keys=sort_keys_of((value for name, value, _ in named if name == "orderby"), resource.level),
        ignored=tuple(dict.fromkeys(name for name, value, path in named if _is_ignored(name, value, path))),
    )


def _is_ignored(name: str, value: str, path: Path | None) -> bool:
    if path is None:
        return name not in _OPTIONS and name not in _NO_KEYS
    return path in NEVER_MATCHED and bool(value)


def _check_counts(named: Sequence[tuple[str, str, Path | None]]) -> None:
    counts = Counter(path or name for name, _, path in named if path or name in _OPTIONS)
    for name, _, path in named:
        if counts[path or name] > 1:
            raise BadRequest(f"{name} is given {counts[path or name]} times, expected once")
    if len(counts) > MAX_KEYS:
        raise BadRequest(f"{len(counts)} keys, expected at most {MAX_KEYS}")


def with_combined_ranges(keys: list[Key], ranges: Collection[Path]) -> tuple[Key, ...]:
    """Return the keys, a date range and its time range made one. The date's own stays: it has an index."""
    by_path: dict[Path | None, Key] = {key.path: key for key in keys if key.path in ranges}
    for date_path, time_path in _TIMES_OF_DATES.items():
        date, time = by_path.get(date_path), by_path.get(time_path)
        if date and time:
            keys[keys.index(time)] = combined(date, time) or time
    return tuple(keys)


def _is_true(options: Mapping[str, str], name: str) -> bool:
    value = options.get(name) or "false"
    if value not in ("true", "false"):
        raise InvalidParameter(name, value, "true or false")
    return value == "true"


def _count(options: Mapping[str, str], name: str, default: int) -> int:
    value = options.get(name) or str(default)
    if not (value.isascii() and value.isdigit()):
        raise InvalidParameter(name, value, "a whole number, 0 or more")
    return int(value) if len(value) < 19 else _LARGEST
