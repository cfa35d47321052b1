"""The fixture `dicomweb_server`, in projects that have nothing but this package installed."""

import pytest

from tests.web.messages import ct

pytest_plugins = ["pytester"]

OF_ITS_OWN = """
from urllib.request import urlopen

def test_one(dicomweb_server, tmp_path):
    assert urlopen(dicomweb_server.url + "/studies").status == 204
    (tmp_path / "slice.dcm").write_bytes({file!r})
    dicomweb_server.load(tmp_path)
    assert urlopen(dicomweb_server.url + "/studies").status == 200

def test_another(dicomweb_server):
    assert urlopen(dicomweb_server.url + "/studies").status == 204
"""

UNASKED = """
import sys

def test_it():
    ours = {name for name in sys.modules if name.split(".")[0] == "service"}
    assert ours == {"service", "service.pytest_plugin"}
    assert not {"numpy", "pydicom", "sqlalchemy", "starlette", "uvicorn"} & set(sys.modules)
"""


def test_each_test_of_a_project_gets_an_empty_server_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(OF_ITS_OWN.format(file=ct("1.2.3")))

    _run_alone(pytester).assert_outcomes(passed=2)


def test_a_project_that_does_not_ask_for_it_does_not_import_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(UNASKED)

    _run_alone(pytester).assert_outcomes(passed=1)


def _run_alone(project: pytest.Pytester) -> pytest.RunResult:
    """Run a project's tests in a process of their own, without the other plugins that are installed here."""
    others = [word for name in ("anyio", "asyncio", "hypothesispytest") for word in ("-p", f"no:{name}")]
    return project.runpytest_subprocess(*others, "-W", "error")
