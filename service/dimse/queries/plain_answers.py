"""Answers made of stored JSON without parsing it, in a fraction of the time: of plain values, as most are.

They are the bytes that `answers` makes of what is parsed, to whom all else is left: sequences, private
attributes, values in odd forms. Elements are made field by field, for many matches together.
"""

from collections.abc import Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from itertools import chain
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
from service.dicom.json.plain import RawBytes, is_plain, plain_bytes, separator_in
from service.dicom.query.levels import BESIDE, REQUIRED, RETURNED
from service.dimse.queries.plain_fields import PlainField

Values = tuple[RawBytes, ...]


class Wanted(NamedTuple):
    """What answers have.

    Attributes:
        attributes: tags that are asked for, and their VRs there.
        never: those of them that no answer has a value of.
        always: tags with VR and value that each answer has, in place of what a match has.
        character_set: that is asked for.
    """

    attributes: tuple[tuple[str, str], ...]
    never: frozenset[str]
    always: tuple[tuple[str, str, str], ...]
    character_set: str


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
        self._readers = [plain_bytes(own, _kept(part) or ()) for own, part in zip(tags, parts, strict=True)]
        self._fields = fields
        self._has_decimals = any(vr_of(tag) == "DS" for tag in chain.from_iterable(tags))
        self._after = after
        self._text = text_of(wanted.character_set)
        is_asked = SPECIFIC_CHARACTER_SET in dict(wanted.attributes)
        self._told = {text: _told(text, is_asked, implicit) for text in (ASCII, self._text, UTF_8)}

    def of(self, rows: Sequence[Sequence[bytes]]) -> list[bytes | None]:
        """Return the answers that matches are, of each given what the index holds; None of an odd one."""
        answers: list[bytes | None] = [None] * len(rows)
        alike: dict[Text, list[tuple[int, Values]]] = {text: [] for text in self._told}
        for number, found in enumerate(self._found(rows)):
            if found is not None:
                text, values = found
                alike[text].append((number, values))
        for text, together in alike.items():
            if together:
                numbers, group = zip(*together, strict=True)
                for number, answer in zip(numbers, self._encoded(group, text), strict=True):
                    answers[number] = answer
        return answers

    def _found(self, rows: Sequence[Sequence[bytes]]) -> Iterator[tuple[Text, Values] | None]:
        """Yield the values of matches, and how their text is written; None of an odd one."""
        parts = [
            reader(contents) for reader, contents in zip(self._readers, zip(*rows, strict=True), strict=True)
        ]
        for row, found in zip(rows, zip(*parts, strict=True), strict=True):
            if None in found:
                yield None
                continue
            values: Values = found[0] if len(found) == 1 else tuple(chain.from_iterable(found))
            is_ascii = all(map(bytes.isascii, row)) or b"".join(filter(None, values)).isascii()
            if (is_ascii and not self._has_decimals) or all(
                field.can_be(values[place], is_ascii=is_ascii) for place, field in self._fields
            ):
                yield (ASCII, values) if is_ascii else self._written(values)
            else:
                yield None

    def _written(self, values: Values) -> tuple[Text, Values]:
        """Return values that are not ASCII in the character set that is wanted, or else in UTF-8."""
        if self._text is not UTF_8:
            with suppress(UnicodeEncodeError):
                codec = self._text.codec
                return self._text, tuple([value and value.decode().encode(codec) for value in values])
        return UTF_8, values

    def _encoded(self, rows: Sequence[Values], text: Text) -> Iterator[bytes]:
        columns = list(zip(*rows, strict=True))
        elements = zip(*(field.elements(columns[place]) for place, field in self._fields), strict=True)
        told, after = self._told[text], self._after
        for own in elements:
            yield b"".join((told, *own, after))


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
    given = {
        tag: numbers
        for tag in tags
        if tag not in always and tag not in wanted.never and (numbers := _giving(parts, tag))
    }
    if not given or not all(
        is_plain(tag)
        and separator_in(tag) != ","
        and attributes[tag] == vr_of(tag)
        and _is_of_last(parts, tag, numbers)
        for tag, numbers in given.items()
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
