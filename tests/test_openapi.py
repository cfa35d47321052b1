"""openapi/openapi.yaml is held to the code: what is routed is described, and nothing else."""

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator
from starlette.routing import Route

from service import errors, routes
from service.web.description import METHODS, description, resolved
from service.web.http.answers.resource import Resource

ROOT = Path(__file__).parent.parent

# PS3.18 Table 10.6.1-5
MATCHING_KEYS = {
    "/studies": """StudyDate StudyTime AccessionNumber ModalitiesInStudy ReferringPhysicianName PatientName
        PatientID StudyInstanceUID StudyID""",
    "/studies/{study}/series": """Modality SeriesInstanceUID SeriesNumber PerformedProcedureStepStartDate
        PerformedProcedureStepStartTime RequestAttributesSequence.ScheduledProcedureStepID
        RequestAttributesSequence.RequestedProcedureID""",
    "/studies/{study}/series/{series}/instances": "SOPClassUID SOPInstanceUID InstanceNumber",
}


def _routed() -> set[tuple[str, str]]:
    return {(route.path_format, method) for route in _routes() for method in (route.methods or ())}


def _routes() -> Iterator[Route]:
    yield from routes.ROUTES
    yield from routes.HEALTH


def _described() -> dict[tuple[str, str], dict[str, Any]]:
    return {
        (path, method.upper()): item[method]
        for path, item in description()["paths"].items()
        for method in METHODS
        if method in item
    }


def _statuses_of_errors() -> set[str]:
    def below(kind: type[errors.DicomwebError]) -> Iterator[type[errors.DicomwebError]]:
        for subclass in kind.__subclasses__():
            yield subclass
            yield from below(subclass)

    return {str(kind.status) for kind in below(errors.DicomwebError)}


def test_the_document_is_openapi_3_1() -> None:
    problems = list(OpenAPIV31SpecValidator(description()).iter_errors())

    assert problems == []
    assert description()["openapi"].startswith("3.1")


def test_every_route_is_described_and_nothing_else() -> None:
    routed = {(path, method) for path, method in _routed() if method != "HEAD"}

    assert set(_described()) == routed


def test_head_is_answered_wherever_get_is() -> None:
    assert {path for path, method in _routed() if method == "HEAD"} == {
        path for path, method in _routed() if method == "GET"
    }


def test_every_status_of_the_errors_is_described() -> None:
    described = {status for operation in _described().values() for status in operation["responses"]}

    assert _statuses_of_errors() <= described


def test_every_operation_on_the_archive_may_find_it_away() -> None:
    without = {
        operation["operationId"] for operation in _described().values() if "503" not in operation["responses"]
    }

    assert without == {"Enter", "RetrieveCapabilities", "RetrieveOpenapi", "Live"}


def test_errors_are_answered_with_the_body_of_an_error() -> None:
    bodies = {
        status: resolved(answer).get("content", {}).get("application/json", {}).get("schema")
        for operation in _described().values()
        for status, answer in operation["responses"].items()
        if status >= "400" and status != "409"
    }

    assert list(bodies.values()) == [{"$ref": "#/components/schemas/Error"}] * len(bodies)


def test_every_parameter_of_a_path_is_described() -> None:
    for path, item in description()["paths"].items():
        names = {resolved(parameter)["name"] for parameter in item.get("parameters", ())}

        assert names == set(re.findall(r"\{(\w+)\}", path)), path


def test_the_query_parameters_that_a_retrieve_knows_are_described_and_no_others() -> None:
    for route in routes.ROUTES:
        if isinstance(route.endpoint, Resource) and route.endpoint.parameters is not None:
            parameters = map(resolved, _described()[route.path_format, "GET"]["parameters"])
            described = {parameter["name"] for parameter in parameters if parameter["in"] == "query"}

            assert described == route.endpoint.parameters, route.path


@pytest.mark.parametrize("path", MATCHING_KEYS)
def test_the_keys_that_the_standard_requires_are_described(path: str) -> None:
    described = {resolved(parameter)["name"] for parameter in _described()[path, "GET"]["parameters"]}

    assert described >= {*MATCHING_KEYS[path].split(), "limit", "offset", "fuzzymatching", "includefield"}


def test_whoever_has_to_say_who_they_are_is_told_so() -> None:
    open_to_all = {
        (route.path_format, method)
        for route in _routes()
        for method, handler in vars(route.endpoint)["handlers"].items()
        if handler.permission is None
    }

    described = {
        called
        for called, operation in _described().items()
        if not {"401", "403"} & set(operation["responses"])
    }
    assert described == open_to_all


def test_the_version_is_that_of_the_package() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]

    assert description()["info"]["version"] == project["version"]
