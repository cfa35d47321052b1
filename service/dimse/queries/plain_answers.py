"""Answers made of stored JSON without parsing it, in a fraction of the time: of plain values, as most are.

They are the bytes that `answers` makes of what is parsed, to whom all else is left: sequences, private
attributes, values in odd forms. Elements are made field by field, for many matches together.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain, repeat
from operator import itemgetter
from typing import NamedTuple

from service.archive.index.queries.conditions import TABLES
from service.archive.index.queries.projection import RowPart
from service.dicom.dictionary import vr_of
from service.dicom.json.data_set import (
    ASCII,
    SPECIFIC_CHARACTER_SET,
    UTF_8,
    Text,
    element_head,
    encoded,
    padding,
    text_of,
)
from service.dicom.json.plain import is_plain, plain_bytes, separator_in
from service.dicom.query.levels import BESIDE, REQUIRED, RETURNED
from service.dimse.queries.plain_fields import MAX_DECIMAL, PlainField

Values = tuple[bytes, ...]
"""The raw values of the attributes that a match has, each in its place."""


class Wanted(NamedTuple):
    """What answers have.

    Attributes:
        attributes: tags that are asked for, and their VRs there.
        never: those of them that no answer has a value of.
        always: tags with VR and value that each answer has, in place of what a match has.
        character_set: that is asked for.
        beside: tags of what has to be known of a match besides.
    """

    attributes: tuple[tuple[str, str], ...]
    never: frozenset[str]
    always: tuple[tuple[str, str, str], ...]
    character_set: str
    beside: tuple[str, ...] = ()


class PlainAnswers:
    """Makes answers of matches.

    Args:
        parts: that a match is made of.
        tags: of the attributes that each of them gives.
        fields: of an answer, ascending: the place of its value among those tags, and what makes elements.
        after: elements that follow them.
        wanted: that answers have.
        implicit: VRs are not written.
    """

    def __init__(
        self,
        parts: Sequence[RowPart],
        tags: Sequence[Sequence[str]],
        fields: Sequence[tuple[int, PlainField]],
        after: bytes,
        wanted: Wanted,
        *,
        implicit: bool,
    ) -> None:
        self._readers = [_reader(part, own) for part, own in zip(parts, tags, strict=True)]
        self._fields = fields
        self._places = [place for place, _ in fields]
        self._nothing = (b"",) * sum(map(len, tags))
        self._codes = [place for place, field in fields if not field.is_text]
        self._decimals = [place for place, field in fields if field.is_decimal]
        self._after = after
        self._text = text_of(wanted.character_set)
        is_asked = SPECIFIC_CHARACTER_SET in dict(wanted.attributes)
        self._told = {text: _told(text, is_asked, implicit) for text in (ASCII, self._text, UTF_8)}
        places = {tag: place for place, tag in enumerate(chain.from_iterable(tags))}
        self._beside = itemgetter(*[places[tag] for tag in wanted.beside]) if wanted.beside else None

    def read(self, rows: Sequence[Sequence[bytes]]) -> list[Values | None]:
        """Return the values that matches have, of each given what the index holds; None of an odd one."""
        columns = zip(*rows, strict=True) if rows else [()] * len(self._readers)
        parts = [reader(contents) for reader, contents in zip(self._readers, columns, strict=True)]
        if len(parts) == 1:
            return parts[0]
        return [
            None if None in found else tuple(chain.from_iterable(found)) for found in zip(*parts, strict=True)
        ]

    def beside(self, values: Values) -> Values:
        """Return what is to be known of a match besides its answer."""
        return self._beside(values) if self._beside else ()

    def of(self, matches: Sequence[Values | None]) -> list[bytes | None]:
        """Return the answers that matches are, of each given its values; None of an odd one.

        Text that is not ASCII is in the character set that is wanted, or else in UTF-8.
        """
        if not matches:
            return []
        group = [values or self._nothing for values in matches]
        columns = list(zip(*group, strict=True))
        told: list[bytes | None] = [self._told[ASCII]] * len(group)
        if numbers := self._not_ascii(columns):
            for number in numbers:
                told[number], group[number] = self._written(group[number])
            columns = list(zip(*group, strict=True))
        for number in self._too_long(columns):
            told[number] = None
        elements = [field.elements(columns[place]) for place, field in self._fields]
        answers = zip(told, *elements, repeat(self._after), strict=False)
        if None not in told and None not in matches:
            return [*map(b"".join, answers)]
        return [
            None if values is None or answer[0] is None else b"".join(answer)
            for values, answer in zip(matches, answers, strict=True)
        ]

    def _too_long(self, columns: Sequence[Values]) -> set[int]:
        """Return the numbers of the matches that have a number with too many digits."""
        decimals = [columns[place] for place in self._decimals]
        return {
            number for column in decimals for number, value in enumerate(column) if len(value) > MAX_DECIMAL
        }

    def _not_ascii(self, columns: Sequence[Values]) -> set[int]:
        """Return the numbers of the matches whose answers are not ASCII."""
        odd = [columns[place] for place in self._places if not b"".join(columns[place]).isascii()]
        return {number for column in odd for number, value in enumerate(column) if not value.isascii()}

    def _written(self, values: Values) -> tuple[bytes | None, Values]:
        """Return the element that tells how text is written, and values so; None of an odd match."""
        if not all(values[place].isascii() for place in self._codes):
            return None, values
        if self._text is not UTF_8:
            with suppress(UnicodeEncodeError):
                written = list(values)
                for place in self._places:
                    written[place] = values[place].decode().encode(self._text.codec)
                return self._told[self._text], tuple(written)
        return self._told[UTF_8], values


@lru_cache(maxsize=32)
def plain_answers(parts: Sequence[RowPart], wanted: Wanted, *, implicit: bool) -> PlainAnswers | None:
    """Return what makes answers; None if something is wanted that is not made here.

    Args:
        parts: that a match is made of; a tuple.
        wanted: that answers have.
        implicit: VRs are not written.
    """
    attributes, always = dict(wanted.attributes), {tag: element for tag, *element in wanted.always}
    tags = sorted({*attributes, *always} - {SPECIFIC_CHARACTER_SET})
    if tags[0] < SPECIFIC_CHARACTER_SET or any(_kept(part) is None for part in parts):
        return None
    read = {tag for tag in tags if tag not in always and tag not in wanted.never} | {*wanted.beside}
    given = {tag: numbers for tag in sorted(read) if (numbers := _giving(parts, tag))}
    if (
        not given
        or not given.keys() >= {*wanted.beside}
        or not all(
            is_plain(tag)
            and separator_in(tag) != ","
            and attributes.get(tag, vr_of(tag)) == vr_of(tag)
            and _is_of_last(parts, tag, numbers)
            for tag, numbers in given.items()
        )
    ):
        return None
    of_parts = [[tag for tag in given if given[tag][-1] == number] for number in range(len(parts))]
    places = {tag: place for place, tag in enumerate(chain.from_iterable(of_parts))}
    fields: list[tuple[int, PlainField]] = []
    before = b""
    for tag in tags:
        if tag in given:
            fields.append((places[tag], PlainField(tag, before, implicit=implicit)))
            before = b""
        else:
            vr, *values = always.get(tag) or [attributes[tag]]
            before += encoded({tag: {"vr": vr, "Value": values}}, implicit=implicit)
    return PlainAnswers(parts, of_parts, fields, before, wanted, implicit=implicit)


def _reader(part: RowPart, tags: Sequence[str]) -> Callable[[Sequence[bytes]], list[Values | None]]:
    """Return what takes the values of attributes out of what a part of matches is.

    What is kept beside the attributes that are returned is long, and seldom has what is looked for.
    """
    read = plain_bytes(tags, _kept(part) or ())
    if part.column is TABLES[part.level].c.attributes:
        return read
    names = [f'"{tag}"'.encode() for tag in tags]
    nothing = (b"",) * len(tags)

    def values(contents: Sequence[bytes]) -> list[Values | None]:
        together = b"".join(contents)
        return read(contents) if any(name in together for name in names) else [nothing] * len(contents)

    return values


def _kept(part: RowPart) -> frozenset[str] | None:
    """Return what a column has; None where nobody knows."""
    return RETURNED[part.level] if part.column is TABLES[part.level].c.attributes else BESIDE.get(part.level)


def _giving(parts: Sequence[RowPart], tag: str) -> list[int]:
    """Return the numbers of the parts that give an attribute."""
    return [
        number
        for number, part in enumerate(parts)
        if tag in (_kept(part) or ()) and (part.tags is None or tag in part.tags)
    ]


def _is_of_last(parts: Sequence[RowPart], tag: str, numbers: Sequence[int]) -> bool:
    """Tell whether an attribute is always that of the last part: others give what that has not."""
    return len(numbers) == 1 or tag in REQUIRED[parts[numbers[-1]].level]


def _told(text: Text, is_asked: bool, implicit: bool) -> bytes:
    """Return the element that tells how text is written, if there has to be one."""
    if not text.term and not is_asked:
        return b""
    term = text.term.encode()
    value = term + padding("CS") * (len(term) % 2)
    return element_head(SPECIFIC_CHARACTER_SET, "CS", len(value), implicit=implicit) + value
