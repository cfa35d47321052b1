"""The Native DICOM Model read by `xml.etree`, without the service's own code."""

from typing import Any
from xml.etree import ElementTree as ET

NAMESPACE = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"
END = "</NativeDicomModel>"
HEAD = '<NativeDicomModel xmlns="http://dicom.nema.org/PS3.19/models/NativeDICOM" xml:space="preserve">'

_COMPONENTS = ("FamilyName", "GivenName", "MiddleName", "NamePrefix", "NameSuffix")
_NUMBERS = {"SL": int, "SS": int, "UL": int, "US": int, "FD": float, "FL": float}


def document(*attributes: str) -> bytes:
    """Return a document of attributes that are written as XML."""
    return f"{HEAD}{''.join(attributes)}{END}".encode()


def attribute(tag: str, vr: str, *content: str, more: str = "") -> str:
    """Write an attribute, with `more` in its tag."""
    return f'<DicomAttribute tag="{tag}" vr="{vr}"{more}>{"".join(content)}</DicomAttribute>'


def values(*texts: str) -> str:
    """Write numbered values."""
    return "".join(f'<Value number="{number}">{text}</Value>' for number, text in enumerate(texts, 1))


def nested(depth: int) -> str:
    """Write sequences that lie in each other."""
    start = '<DicomAttribute tag="00081110" vr="SQ"><Item number="1">'
    return start * depth + "</Item></DicomAttribute>" * depth


def attributes(content: bytes) -> list[ET.Element]:
    """Return the attributes of a document, in their order."""
    return list(root_of(content))


def root_of(content: bytes) -> ET.Element:
    """Return the root of a document."""
    root = ET.fromstring(content)  # noqa: S314 (our own document)
    assert root.tag == f"{NAMESPACE}NativeDicomModel"
    return root


def as_json(content: bytes) -> dict[str, Any]:
    """Return a document as DICOM JSON, by tag as the document has it; DS, IS, SV and UV as text."""
    return _data_set(attributes(content))


def comparable(data_set: dict[str, Any]) -> dict[str, Any]:
    """Return DICOM JSON as `as_json` has it."""
    return {tag: _comparable(element) for tag, element in data_set.items()}


def _comparable(element: dict[str, Any]) -> dict[str, Any]:
    vr = element["vr"]
    if "Value" not in element:
        return element
    if vr == "SQ":
        return {"vr": vr, "Value": [comparable(item) for item in element["Value"]]}
    if vr == "PN":
        names = [
            value and {group: text.rstrip("^") for group, text in value.items()} for value in element["Value"]
        ]
        return {"vr": vr, "Value": names}
    as_text = vr in ("DS", "IS", "SV", "UV")
    return {
        "vr": vr,
        "Value": [str(value) if as_text and value is not None else value for value in element["Value"]],
    }


def _data_set(elements: list[ET.Element]) -> dict[str, Any]:
    assert all(element.tag == f"{NAMESPACE}DicomAttribute" for element in elements)
    return {element.attrib["tag"]: _attribute(element) for element in elements}


def _attribute(attribute: ET.Element) -> dict[str, Any]:
    vr, values = attribute.attrib["vr"], list[Any]()
    for number, child in enumerate(attribute, 1):
        kind = child.tag.removeprefix(NAMESPACE)
        if kind == "BulkData":
            return {"vr": vr, "BulkDataURI": child.attrib["uri"]}
        if kind == "InlineBinary":
            return {"vr": vr, "InlineBinary": child.text}
        assert child.attrib["number"] == str(number)
        values.append(_VALUES[kind](child, vr))
    return {"vr": vr, "Value": values} if values else {"vr": vr}


def _value(element: ET.Element, vr: str) -> Any:
    return None if element.text is None else _NUMBERS.get(vr, str)(element.text)


def _name(element: ET.Element, _: str) -> dict[str, str] | None:
    groups = {}
    for group in element:
        parts = {component.tag.removeprefix(NAMESPACE): component.text or "" for component in group}
        assert parts.keys() <= set(_COMPONENTS)
        groups[group.tag.removeprefix(NAMESPACE)] = "^".join(
            parts.get(component, "") for component in _COMPONENTS
        ).rstrip("^")
    return groups or None


def _item(element: ET.Element, _: str) -> dict[str, Any]:
    return _data_set(list(element))


_VALUES = {"Value": _value, "PersonName": _name, "Item": _item}
