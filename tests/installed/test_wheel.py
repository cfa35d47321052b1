from pathlib import Path
from zipfile import ZipFile

import pytest


def test_it_holds_one_package_and_the_pytest_plugin(wheel: Path) -> None:
    names = {name.split("/")[0] for name in ZipFile(wheel).namelist()}

    [about] = {name for name in names if name.endswith(".dist-info")}
    assert names - {about} == {"service", "dicomweb_service_pytest.py"}


@pytest.mark.parametrize(
    "name",
    [
        "service/py.typed",
        "service/openapi/openapi.yaml",
        "service/migrations/env.py",
        "service/migrations/script.py.mako",
        "service/migrations/versions/0001_studies_series_instances.py",
        "service/web/pages/templates/base.html",
        "service/web/pages/static/base.css",
    ],
)
def test_it_holds_what_is_no_module(wheel: Path, name: str) -> None:
    assert name in ZipFile(wheel).namelist()
