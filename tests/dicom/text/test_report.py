from typing import Any
from xml.etree import ElementTree as ET

from service.dicom.text.report import as_html, as_text, read_report


def _value(*values: Any) -> dict[str, Any]:
    return {"vr": "UN", "Value": list(values)}


def _concept(meaning: str) -> dict[str, Any]:
    return _value({"00080104": _value(meaning)})


def _item(kind: str, name: str, *children: dict[str, Any], **content: Any) -> dict[str, Any]:
    attributes = {tag.removeprefix("_"): value for tag, value in content.items()}
    return {"0040A040": _value(kind), "0040A043": _concept(name), "0040A730": _value(*children), **attributes}


REPORT = {
    "00100010": _value({"Alphabetic": "Doe^Jane"}),
    "0040A491": _value("COMPLETE"),
    **_item(
        "CONTAINER",
        "Chest & more",
        _item("TEXT", "Finding", _0040A160=_value("A <b>bold</b> claim\nand 5 < 6")),
        _item(
            "CONTAINER",
            "Measurements",
            _item(
                "NUM", "Diameter", _0040A300=_value({"0040A30A": _value("10"), "004008EA": _concept("mm")})
            ),
            _item("CODE", "Site", _0040A168=_concept("Lung")),
        ),
        _item("PNAME", "Observer", _0040A123=_value({"Alphabetic": "Roe^Rick"})),
        _item("IMAGE", "Source", _00081199=_value({"00081155": _value("1.2.3")})),
        {"0040DB73": _value(1, 2)},
    ),
}


def test_text_shows_the_tree_by_its_indentation() -> None:
    text = as_text(read_report(REPORT))

    assert text == (
        "Chest & more\n============\nDoe, Jane\nCompletion Flag: COMPLETE\n\n"
        "Finding: A <b>bold</b> claim\nand 5 < 6\n"
        "Measurements\n  Diameter: 10 mm\n  Site: Lung\n"
        "Observer: Roe Rick\nSource: IMAGE 1.2.3\nsee another item of this report\n"
    )


def test_html_escapes_every_word() -> None:
    html = as_html(read_report(REPORT))

    assert "A &lt;b&gt;bold&lt;/b&gt; claim\nand 5 &lt; 6" in html
    assert "<h1>Chest &amp; more</h1>" in html


def test_html_is_well_formed() -> None:
    html = as_html(read_report(REPORT)).removeprefix("<!doctype html>").replace('<meta charset="utf-8">', "")

    items = [element.text for element in ET.fromstring(html).iter("b")]  # noqa: S314 (our own words)

    assert items == ["Finding", "Measurements", "Diameter", "Site", "Observer", "Source"]


def test_a_report_may_be_empty() -> None:
    report = read_report({"0040A730": {"vr": "SQ"}})

    assert report.title == "Structured Report"
    assert list(report.lines) == []
    assert "<h1>Structured Report</h1></body>" in as_html(report)
