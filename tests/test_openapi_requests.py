"""openapi/openapi.yaml is held to the answers: 400 wherever it is answered, patterns as they are enforced."""

import re
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from service.web.description import METHODS, description, resolved
from tests.builders import ct_image, part10
from tests.web.messages import store, url

MIXED = "application/dicom, image/png"

UIDS = {"good": ["1", "1.2.3", "0.1", "2.25." + "9" * 59], "bad": ["x", "1.2a", "1" * 65, "1 2"]}
FRAMES = {"good": ["1", "1,1"], "bad": ["0", "x", "1,", "-1", "1000000000"]}
DATES = {
    "good": ["", "20240131", "20240131-", "-20240131", "20240101-20240131"],
    "bad": ["-", "yesterday", "2024-01-31", "20240131--"],
}
TIMES = {"good": ["08", "081530.5", "0800-", "-12", "0800-1159"], "bad": ["-", "noon", "1", "08-12-14"]}
UID_LISTS = {"good": ["1.2,1.3", "1.2\\1.3", "1.*"], "bad": ["x", "1.2;1.3"]}
FIELDS = {
    "good": ["PatientName", "00100010", "0040A730.0040A160", "all"],
    "bad": ["Patient-Name", "0010,00x0"],
}

VALUES = {
    "UIDMatch": UID_LISTS,
    "DateMatch": DATES,
    "TimeMatch": TIMES,
}
OF_ACCESS_CONTROL = {"expires"}  # tests/web/access tries these

PARAMETERS: dict[str, dict[str, list[str]]] = {
    "includefield": FIELDS,
    "orderby": {"good": ["StudyDate", "-00080030"], "bad": ["Study Date", "--StudyDate", "(0008,0020)"]},
    "window": {
        "good": ["40,400,linear", "-6e2,.5,sigmoid", "1,2.,linear-exact"],
        "bad": ["40,400", "a,1,linear", "1,2,LINEAR", "1,,linear", ""],
    },
    "viewport": {
        "good": ["5,5", "5,5,1,1", "5,5,,,4,-4"],
        "bad": ["5", "5,x", "-5,5", "5,5,1,1,4,4,4", "5,5,a", ""],
    },
    "annotation": {"good": ["patient", "dose"], "bad": ["1", "", "a b"]},
    "transferSyntax": {"good": ["1.2.840.10008.1.2.1", "*"], "bad": ["explicit", "1.2;1.3"]},
    "region": {"good": ["0,0,1,1", "0.25,.25,0.75,7.5e-1"], "bad": ["0,0,1", "left", "0,0,1,1,1"]},
}
PATHS = {
    "window": "/rendered",
    "viewport": "/rendered",
    "annotation": "/rendered",
    "orderby": "studies",
}


@pytest.fixture
def ct(dicomweb: httpx.Client, study: str) -> str:
    """The path of a stored CT slice."""
    store(dicomweb, part10(ct_image(f"{study}.1.1")))
    return url(f"{study}.1.1")


def _operations() -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, item in description()["paths"].items():
        for method in sorted(METHODS):
            if method in item:
                yield path, method, item[method]


def _patterns() -> Iterator[tuple[str, str]]:
    """Yield the name and the pattern of each query parameter that has one."""
    for parameter in map(resolved, description()["components"]["parameters"].values()):
        if parameter["in"] == "query":
            schema = resolved(parameter["schema"])
            schemas = [schema, resolved(schema.get("items", {})), *schema.get("anyOf", ())]
            yield from ((parameter["name"], one["pattern"]) for one in schemas if "pattern" in one)


def _filled(path: str, **values: str) -> str:
    names = {
        "study": "1",
        "series": "1",
        "instance": "1",
        "frames": "1",
        "path": "7FE00010",
        "key": "zarr.json",
        "query": "values=stored",
        "link": "1",
    } | values
    return path.format(**names).lstrip("/")


@pytest.mark.parametrize(
    ("path", "method"), [(path, method) for path, method, _ in _operations() if "{study}" in path]
)
def test_a_uid_that_can_be_none_is_answered_with_a_400_that_is_described(
    dicomweb: httpx.Client, path: str, method: str
) -> None:
    described = description()["paths"][path][method]["responses"]
    for name in ("study", "series", "instance"):
        if f"{{{name}}}" in path:
            response = dicomweb.request(method, _filled(path, **{name: "x"}))

            assert response.status_code == 400, name
    assert "400" in described


@pytest.mark.parametrize(
    ("path", "method"),
    [
        (path, method)
        for path, method, _ in _operations()
        if not path.startswith(("/health", "/metrics"))  # beside the base URL
    ],
)
def test_what_is_answered_to_types_that_do_not_go_together_is_described(
    dicomweb: httpx.Client, ct: str, path: str, method: str
) -> None:
    described = description()["paths"][path][method]["responses"]
    study, series, instance = ct.split("/")[1::2]

    if method in ("get", "options"):
        filled = _filled(path, study=study, series=series, instance=instance)
        response = dicomweb.request(method, filled, headers={"accept": MIXED})

        assert str(response.status_code) in described


def test_every_pattern_of_a_query_parameter_is_tried_here() -> None:
    by_schema = {"UIDMatch", "DateMatch", "TimeMatch", "UID"}
    patterns = {pattern for _, pattern in _patterns()}
    schemas = description()["components"]["schemas"]

    assert {
        name for name, pattern in _patterns() if name not in PARAMETERS | dict.fromkeys(OF_ACCESS_CONTROL)
    } <= {
        resolved(parameter)["name"]
        for parameter in description()["components"]["parameters"].values()
        if parameter.get("schema", {}).get("$ref", "").rpartition("/")[2] in by_schema
    }
    assert {schemas[name]["pattern"] for name in by_schema} <= patterns


@pytest.mark.parametrize("name", PARAMETERS)
def test_the_pattern_of_a_parameter_is_what_is_enforced(dicomweb: httpx.Client, ct: str, name: str) -> None:
    patterns = [re.compile(pattern) for described, pattern in _patterns() if described == name]
    study, series, instance = ct.split("/")[1::2]
    wado = {"requestType": "WADO", "studyUID": study, "seriesUID": series, "objectUID": instance}

    def answer(value: str) -> httpx.Response:
        if name in ("transferSyntax", "region"):
            kind = {"contentType": "application/dicom"} if name == "transferSyntax" else {}
            return dicomweb.get("wado", params=wado | kind | {name: value})
        path = PATHS.get(name, "/metadata")
        return dicomweb.get(ct + path if path.startswith("/") else path, params={name: value})

    assert patterns
    for value in PARAMETERS[name]["good"]:
        assert any(pattern.search(value) for pattern in patterns), value
        assert answer(value).status_code == 200, value
    for value in PARAMETERS[name]["bad"]:
        assert not all(pattern.search(value) for pattern in patterns), value
        assert answer(value).status_code == 400, value


@pytest.mark.parametrize(
    ("schema", "key"), [("UIDMatch", "SOPClassUID"), ("DateMatch", "StudyDate"), ("TimeMatch", "StudyTime")]
)
def test_the_pattern_of_a_key_is_what_is_enforced(dicomweb: httpx.Client, schema: str, key: str) -> None:
    pattern = re.compile(description()["components"]["schemas"][schema]["pattern"])

    for value in VALUES[schema]["good"]:
        assert pattern.search(value), value
        assert dicomweb.get("instances", params={key: value}).status_code in (200, 204), value
    for value in VALUES[schema]["bad"]:
        assert not pattern.search(value), value
        assert dicomweb.get("instances", params={key: value}).status_code == 400, value


@pytest.mark.parametrize(("name", "values"), [("study", UIDS), ("frames", FRAMES)])
def test_the_pattern_of_a_part_of_the_path_is_what_is_enforced(
    dicomweb: httpx.Client, ct: str, name: str, values: dict[str, list[str]]
) -> None:
    schema = resolved(resolved({"$ref": f"#/components/parameters/{name}"})["schema"])
    pattern, longest = re.compile(schema["pattern"]), schema.get("maxLength", 10**6)
    study, series, instance = ct.split("/")[1::2]
    path = "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}"

    def answer(value: str) -> httpx.Response:
        return dicomweb.get(
            _filled(path, **{"study": study, "series": series, "instance": instance} | {name: value})
        )

    for value in values["good"]:
        assert pattern.search(value), value
        assert answer(value).status_code in (200, 404), value
    for value in values["bad"]:
        assert not pattern.search(value) or len(value) > longest, value
        assert answer(value).status_code == 400, value
