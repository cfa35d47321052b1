"""The manifests for Kubernetes, without a cluster: they are what its schemas ask for, and fit the service."""

from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from service.routes import HEALTH
from service.settings import Settings, variable
from tests.serving import ROOT

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
VERSIONS = ["1.29", kubernetes_validate.latest_version()]


def labelled(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource with the labels that kustomize adds, and with what makes it find its pods by them."""
    labels = KUSTOMIZATION["labels"][0]["pairs"]
    spec = resource["spec"]
    if resource["kind"] == "Service":
        return resource | {"spec": spec | {"selector": labels}}
    with_selector = spec | {"selector": {"matchLabels": labels}}
    if "template" in spec:
        with_selector["template"] = spec["template"] | {"metadata": {"labels": labels}}
    return resource | {"spec": with_selector}


def resource(name: str) -> dict[str, Any]:
    """Return a resource of the folder."""
    content: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return content


DEPLOYMENT = resource("deployment.yaml")["spec"]["template"]["spec"]
[CONTAINER] = DEPLOYMENT["containers"]
SETTINGS = dict(
    line.split("=", 1) for line in (FOLDER / "settings.env").read_text(encoding="utf-8").splitlines()
)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", KUSTOMIZATION["resources"])
def test_a_resource_is_what_its_schema_asks_for(name: str, version: str) -> None:
    kubernetes_validate.validate(labelled(resource(name)), version, strict=True)


def test_all_files_of_the_folder_are_applied() -> None:
    files = {path.name for path in FOLDER.iterdir()} - {"kustomization.yaml"}
    generated = {file for generator in KUSTOMIZATION["configMapGenerator"] for file in generator["envs"]}

    assert files == {*KUSTOMIZATION["resources"], *generated}


def test_the_settings_are_taken_by_the_service(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DICOMWEB_DATA", str(tmp_path))

    Settings()

    assert set(SETTINGS) <= {variable(name) for name in Settings.model_fields}


def test_services_are_not_told_by_variables_that_are_taken_for_settings() -> None:
    """Kubernetes would tell of a Service called dicomweb as DICOMWEB_PORT=tcp://…"""
    assert DEPLOYMENT["enableServiceLinks"] is False


@pytest.mark.parametrize("probe", ["startupProbe", "readinessProbe", "livenessProbe"])
def test_probes_ask_what_is_answered(probe: str) -> None:
    assert CONTAINER[probe]["httpGet"]["path"] in {route.path for route in HEALTH}


def test_a_process_is_ended_no_sooner_than_it_has_finished_what_is_under_way() -> None:
    _, pause = CONTAINER["lifecycle"]["preStop"]["exec"]["command"]

    assert DEPLOYMENT["terminationGracePeriodSeconds"] > int(pause) + int(SETTINGS["DICOMWEB_STOP_SECONDS"])


def test_the_cache_fits_into_its_volume() -> None:
    [size] = [volume["emptyDir"]["sizeLimit"] for volume in DEPLOYMENT["volumes"] if volume["name"] == "data"]

    assert int(SETTINGS["DICOMWEB_CACHE_BYTES"]) < int(size.removesuffix("Gi")) * 2**30
