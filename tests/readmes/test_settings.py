"""The settings in deploy/README.md are the settings, with their defaults, and no README names another."""

import re

import pytest

from service.settings import Settings
from tests.readmes.readme import READMES, code_of

PREFIX = "DICOMWEB_"
NO_DEFAULT = "none"
DEFAULTS = {
    code_of(name)[0].removeprefix(PREFIX): default
    for name, default, _meaning in READMES["deploy/README.md"].rows("variable")
}


def test_every_setting_is_in_the_table_and_no_other() -> None:
    assert set(DEFAULTS) == {name.upper() for name in Settings.model_fields}


def test_the_defaults_in_the_table_are_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    without = Settings()

    for name, default in DEFAULTS.items():
        if default != NO_DEFAULT:
            monkeypatch.setenv(f"{PREFIX}{name}", *code_of(default))

    assert Settings() == without


def test_settings_without_a_default_are_empty() -> None:
    unset = [name for name, default in DEFAULTS.items() if default == NO_DEFAULT]

    assert [getattr(Settings(), name.lower()) or None for name in unset] == [None] * len(unset)


@pytest.mark.parametrize("name", READMES)
def test_settings_that_a_readme_names_are_settings(name: str) -> None:
    names = re.findall(rf"{PREFIX}([A-Z_]+)", READMES[name].path.read_text(encoding="utf-8"))

    assert set(names) <= set(DEFAULTS)
