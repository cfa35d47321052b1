"""The content of a Structured Report as text: PS3.3 C.17.3, rendered as PS3.18 8.7.4 asks.

A report is a tree of content items. Here it becomes lines with a depth, and these become HTML or plain text.
Every word of it is data: HTML escapes them all.
"""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

from service.dicom.text.captions import PATIENT, line_of
from service.dicom_json import Attributes, first_value, items

CONTENT = "0040A730"  # Content Sequence
_VALUE_TYPE, _CONCEPT_NAME, _MEANING = "0040A040", "0040A043", "00080104"
_REFERENCED_ITEM = "0040DB73"  # Referenced Content Item Identifier: an item that points to another
_MEASURED, _UNITS, _NUMERIC = "0040A300", "004008EA", "0040A30A"
_REFERENCED_SOP, _SOP_INSTANCE = "00081199", "00081155"

_TEXTS = {  # Value Type → where its value stands
    "TEXT": "0040A160",
    "DATETIME": "0040A120",
    "DATE": "0040A121",
    "TIME": "0040A122",
    "PNAME": "0040A123",
    "UIDREF": "0040A124",
}
_STATE = (("Completion Flag", "0040A491"), ("Verification Flag", "0040A493"))
_STYLE = (
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:50rem;margin:2rem auto;padding:0 1rem}"
    "ul{padding-left:1.2rem}dt,b{font-weight:600}li p{margin:0;white-space:pre-wrap}"
)


class ContentLine(NamedTuple):
    """A content item.

    Attributes:
        depth: 0 for the items right below the root.
        name: meaning of its concept name; may be empty.
        value: as text; empty for a container.
    """

    depth: int
    name: str
    value: str


class Report(NamedTuple):
    """A report, ready to be written.

    Attributes:
        title: meaning of the root's concept name.
        about: lines on the patient and the state of the document.
        lines: its content, in order.
    """

    title: str
    about: Sequence[str]
    lines: Sequence[ContentLine]


def read_report(metadata: Attributes) -> Report:
    """Return the report that an instance's metadata hold."""
    about = [line for entries in PATIENT if (line := line_of(metadata, entries))]
    about += [f"{name}: {value}" for name, tag in _STATE if (value := first_value(metadata, tag))]
    title = _meaning(metadata, _CONCEPT_NAME) or "Structured Report"
    return Report(title, about, list(_lines(metadata, 0)))


def as_text(report: Report) -> str:
    """Return the report as plain text, a line for each content item, indented by its depth."""
    body = [f"{'  ' * depth}{_joined(name, value)}" for depth, name, value in report.lines]
    return "\n".join([report.title, "=" * len(report.title), *report.about, "", *body, ""])


def as_html(report: Report) -> str:
    """Return the report as an HTML document without scripts, links or images."""
    title = escape(report.title)
    return "".join(
        [
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>',
            f"<style>{_STYLE}</style></head><body><h1>{title}</h1>",
            *(f"<div>{escape(line)}</div>" for line in report.about),
            *_lists(report.lines),
            "</body></html>\n",
        ]
    )


def _lists(lines: Sequence[ContentLine]) -> Iterator[str]:
    """Yield nested lists; an item stays open for the list of those below it."""
    depth = -1
    for line in lines:
        yield "<ul>" if line.depth > depth else "</li>" + "</ul></li>" * (depth - line.depth)
        depth = line.depth
        name, value = escape(line.name), escape(line.value)
        yield f"<li><p>{f'<b>{name}</b>' if name else ''}{': ' if name and value else ''}{value}</p>"
    if lines:
        yield "</li></ul>" * (depth + 1)


def _lines(item: Attributes, depth: int) -> Iterator[ContentLine]:
    for child in items(item, CONTENT):
        yield ContentLine(depth, _meaning(child, _CONCEPT_NAME), _value(child))
        yield from _lines(child, depth + 1)


def _value(item: Attributes) -> str:
    kind = str(first_value(item, _VALUE_TYPE) or "")
    if kind in _TEXTS:
        return _plain(first_value(item, _TEXTS[kind]))
    match kind:
        case "CODE":
            return _meaning(item, "0040A168")
        case "NUM":
            measured = next(iter(items(item, _MEASURED)), {})
            return f"{_plain(first_value(measured, _NUMERIC))} {_meaning(measured, _UNITS)}".strip()
        case "CONTAINER":
            return ""
        case "":
            return "see another item of this report" if _REFERENCED_ITEM in item else ""
    referenced = [_plain(first_value(instance, _SOP_INSTANCE)) for instance in items(item, _REFERENCED_SOP)]
    return " ".join([kind, *referenced])


def _joined(name: str, value: str) -> str:
    return f"{name}: {value}" if name and value else name or value


def _meaning(item: Attributes, tag: str) -> str:
    return _plain(first_value(next(iter(items(item, tag)), {}), _MEANING))


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(str(value.get("Alphabetic", "")).replace("^", " ").split())
    return "" if value is None else str(value)
