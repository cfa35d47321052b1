"""What `--help` says of settings: their environment variables and defaults, as the settings have them."""

from service.settings import Settings, variable

OF_AN_ARCHIVE = ("data", "database_url", "database_connections", "blobs", "on_conflict", "log_level")
"""Settings that every command looks at which opens the archive."""


def option(name: str, meaning: str) -> str:
    """Return the help of an option that stands for a setting."""
    return f"{meaning}. Default: {_default(name)}; variable: {variable(name)}"


def settings(*names: str) -> str:
    """Return a text with variables and defaults of these settings, or of all: one paragraph for each."""
    lines = (f"{variable(name)}, default {_default(name)}" for name in names or Settings.model_fields)
    return "\n\n".join(("Settings, of the environment:", *lines))


def _default(name: str) -> str:
    default = Settings.model_fields[name].default
    text = ",".join(default) if isinstance(default, list) else "" if default is None else str(default)
    return text or "none"
