"""The operations of openapi/openapi.yaml as /docs tells them: descriptions as HTML, and a command each."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from markdown_it import MarkdownIt
from markupsafe import Markup

from service.web.description import description, resolved

_METHODS = ("get", "post", "delete", "options")
_VALUES = {  # of parameters, in commands
    "study": "$STUDY",
    "series": "$SERIES",
    "instance": "$INSTANCE",
    "frames": "1",
    "path": "7FE00010",
    "studyUID": "$STUDY",
    "seriesUID": "$SERIES",
    "objectUID": "$INSTANCE",
}
_PART = re.compile(r"\{(\w+)\}")
_MARKDOWN = MarkdownIt("commonmark", {"html": False})


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation.

    Attributes:
        name: as it is written in the request.
        place: path, query or header.
        is_required: the request makes no sense without it.
        text: what it means, as HTML.
        values: the values or kind of value that it takes.
    """

    name: str
    place: str
    is_required: bool
    text: Markup
    values: str


@dataclass(frozen=True, slots=True)
class Answer:
    """A status that an operation may answer with: what it means, and in which media types."""

    status: str
    text: Markup
    media_types: Sequence[str]


@dataclass(frozen=True, slots=True)
class Operation:
    """A method of a path.

    Attributes:
        id: its name in the description.
        group: the tag it belongs to.
        method: in capitals.
        path: below the base URL, or beside it.
        summary: in a line.
        text: all about it, as HTML.
        parameters: in their order.
        request_types: media types of the request's body.
        answers: in the order of the statuses.
        curl: a command that tries it.
    """

    id: str
    group: str
    method: str
    path: str
    summary: str
    text: Markup
    parameters: Sequence[Parameter]
    request_types: Sequence[str]
    answers: Sequence[Answer]
    curl: str

    def has(self, words: Sequence[str]) -> bool:
        """Tell whether all these words, in lower case, occur in it."""
        names = " ".join(parameter.name for parameter in self.parameters)
        kinds = " ".join(kind for answer in self.answers for kind in answer.media_types)
        text = f"{self.id} {self.method} {self.path} {self.summary} {self.text} {names} {kinds}".lower()
        return all(word in text for word in words)


@lru_cache(maxsize=1)
def operations() -> tuple[Operation, ...]:
    """Return all operations, in the order of the description."""
    return tuple(_operations(description()["paths"]))


def _operations(paths: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in paths.items():
        for method in _METHODS:
            if entry := item.get(method):
                yield _operation(path, method.upper(), entry, item)


def _operation(path: str, method: str, entry: Mapping[str, Any], item: Mapping[str, Any]) -> Operation:
    references = [*item.get("parameters", ()), *entry.get("parameters", ())]
    parameters = [_parameter(resolved(reference)) for reference in references]
    request_types = list(resolved(entry.get("requestBody", {})).get("content", {}))
    answers = [_answer(status, resolved(reference)) for status, reference in entry["responses"].items()]
    base = "$ORIGIN" if "servers" in item else "$BASE"
    return Operation(
        id=entry["operationId"],
        group=entry["tags"][0],
        method=method,
        path=path,
        summary=entry["summary"],
        text=html_of(entry.get("description", "")),
        parameters=parameters,
        request_types=request_types,
        answers=answers,
        curl=_curl(base + _example(path, parameters), method, request_types, answers),
    )


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    return Parameter(
        entry["name"],
        entry["in"],
        entry.get("required", False),
        html_of(entry.get("description", "")),
        _values(entry),
    )


def _values(entry: Mapping[str, Any]) -> str:
    """Return the examples of a parameter, else its values, else their type."""
    examples = [example["value"] for example in entry.get("examples", {}).values()]
    examples += [entry["example"]] if "example" in entry else []
    schema = resolved(entry.get("schema", {}))
    values = examples or schema.get("enum") or [schema.get("const", schema.get("type", ""))]
    return ", ".join(map(str, values))


def _answer(status: str, entry: Mapping[str, Any]) -> Answer:
    return Answer(status, html_of(entry.get("description", "")), list(entry.get("content", {})))


def _example(path: str, parameters: Sequence[Parameter]) -> str:
    """Return a path with values for its parts, and for the query parameters that it needs."""
    required = (parameter for parameter in parameters if parameter.place == "query" and parameter.is_required)
    query = "&".join(
        f"{parameter.name}={_VALUES.get(parameter.name, parameter.values)}" for parameter in required
    )
    target = _PART.sub(lambda part: _VALUES.get(part[1], part[0]), path)
    return f"{target}?{query}" if query else target


def _curl(url: str, method: str, request_types: Sequence[str], answers: Sequence[Answer]) -> str:
    options = "" if method == "GET" else f"-X {method} "
    if request_types:
        options = "-H 'Content-Type: application/dicom' --data-binary @instance.dcm "
    media_types = next((answer.media_types for answer in answers if answer.status == "200"), ())
    accept = f"-H 'Accept: {media_types[0]}' " if media_types and not request_types else ""
    return f'curl {options}{accept}"{url}"'


def html_of(text: str) -> Markup:
    """Return the HTML of a text in CommonMark."""
    return Markup(_MARKDOWN.render(text))  # noqa: S704 (HTML in the text is escaped: see _MARKDOWN)
