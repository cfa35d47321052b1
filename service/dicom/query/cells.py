"""Elements of DICOM JSON as text of a table: values with backslashes between them, as a data set has them."""

import re
from collections.abc import Mapping
from typing import Any

from service.dicom.query.table import Element
from service.dicom_json import NAME_GROUPS
from service.json_text import dumped

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
"""With what a text begins that a spreadsheet takes for a formula."""


def text_cell(element: Element | None) -> str:
    """Return an element's values as one text."""
    if element is None:
        return ""
    values = element.get("Value")
    if values is None:
        return _without_values(element)
    if len(values) == 1:
        return value if type(value := values[0]) is str else text_of(value)
    return "\\".join(map(text_of, values))


def harmless_cell(element: Element | None) -> str:
    """Return the same, and text that a spreadsheet would take for a formula behind an apostrophe."""
    cell = text_cell(element)
    return f"'{cell}" if cell.startswith(FORMULA) and not _NUMBER.fullmatch(cell) else cell


def text_of(value: Any) -> str:
    """Return one value as text; an item of a sequence as DICOM JSON."""
    if type(value) is str:
        return value
    if value is None:
        return ""
    if isinstance(value, dict):
        return _name(value) if value and value.keys() <= _GROUPS else dumped(value).decode()
    return str(value)


def _name(value: Mapping[str, Any]) -> str:
    return "=".join(str(value.get(group) or "") for group in NAME_GROUPS).rstrip("=")


def _without_values(element: Element) -> str:
    """Return what stands in the place of bytes: their URL, or base64."""
    return str(element.get("BulkDataURI") or element.get("InlineBinary") or "")


_NUMBER = re.compile(r"-[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?", re.ASCII)
_GROUPS = frozenset(NAME_GROUPS)
