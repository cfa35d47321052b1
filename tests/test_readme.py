"""The README is held to the code."""

import os
import re
from pathlib import Path

import pytest

from service.settings import Settings

README = (Path(__file__).parent.parent / "README.md").read_text()
SETTINGS = dict(re.findall(r"^\| `DICOMWEB_(\w+)` \| (`[^`]*`|none) \|", README, re.MULTILINE))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("DICOMWEB_"):
            monkeypatch.delenv(name)


def test_every_setting_is_in_the_readme_and_no_other() -> None:
    assert set(SETTINGS) == {name.upper() for name in Settings.model_fields}


def test_the_defaults_in_the_readme_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    without = Settings()

    for name, default in SETTINGS.items():
        if default != "none":
            monkeypatch.setenv(f"DICOMWEB_{name}", default.strip("`"))

    assert Settings() == without


def test_settings_without_a_default_are_empty() -> None:
    unset = [name for name, default in SETTINGS.items() if default == "none"]

    assert [getattr(Settings(), name.lower()) or None for name in unset] == [None] * len(unset)
