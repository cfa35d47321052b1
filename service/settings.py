"""The settings, read once from DICOMWEB_* and never changed."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import partial
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.permissions import ROLES, Permissions, Roles, parsed_roles

NO_ACCESS_CONTROL, KEYS = "none", "keys"
PREFIX = "DICOMWEB_"

_ORIGIN = re.compile(
    r"(?P<site>(?P<scheme>[a-z][a-z0-9+.-]*)://([a-z0-9_.-]+|\[[0-9a-f:.]+\]))(:(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_PORTS = {"http": 80, "https": 443}
_DATABASES = ("sqlite:///", "postgresql://", "postgresql+psycopg://")


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _path_prefix(value: str) -> str:
    if not value.startswith("/") or value.endswith("/"):
        raise ValueError("must begin with / and not end with one, as in /dicom-web")
    return value


def _database(value: str) -> str:
    if not value.startswith(_DATABASES):
        raise ValueError(f"must begin with one of {', '.join(_DATABASES)}")
    return value


Names = Annotated[list[str], NoDecode, BeforeValidator(_split)]


def _networks(values: list[str]) -> list[str]:
    for value in values:
        if value != "*":
            ip_network(value, strict=False)
    return values


def _origins(values: list[str]) -> list[str]:
    return [value if value == "*" else _origin(value) for value in values]


def _origin(value: str) -> str:
    """Return an origin as browsers write it: in lower case, without the port that the scheme has anyhow.

    Raises:
        ValueError: it is none.
    """
    origin = _ORIGIN.fullmatch(value.lower())
    if not origin or int(origin["port"] or 1) not in range(1, 65536):
        raise ValueError(f"{value} is no origin: expected scheme://host or scheme://host:port, no path, or *")
    is_usual = origin["port"] and int(origin["port"]) == _PORTS.get(origin["scheme"])
    return origin["site"] if is_usual else value.lower()


def _ways(values: list[str]) -> list[str]:
    if values != [NO_ACCESS_CONTROL] and not set(values) <= {KEYS}:
        raise ValueError(f"must be {NO_ACCESS_CONTROL}, or {KEYS}")
    return values


def _roles(value: object) -> object:
    return parsed_roles(value) if isinstance(value, str) else value


class Settings(BaseSettings):
    """Every setting, its environment variable being DICOMWEB_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    workers: int = Field(default=1, ge=1)
    root: Annotated[str, AfterValidator(_path_prefix)] = "/dicom-web"
    public_url: HttpUrl | None = None
    allowed_hosts: Names = []
    trusted_proxies: Annotated[Names, AfterValidator(_networks)] = ["127.0.0.1", "::1"]

    data: Path = Path("data")
    database_url: Annotated[str, AfterValidator(_database)] | None = None
    database_connections: int = Field(default=10, ge=2)
    viewer: Path = Path("viewer")

    auth: Annotated[Names, AfterValidator(_ways)] | None = None
    roles: Annotated[dict[str, Permissions], NoDecode, BeforeValidator(_roles)] = {}

    on_conflict: Literal["refuse", "replace"] = "refuse"
    max_instance_bytes: int = Field(default=8 * 2**30, ge=1024)
    max_request_bytes: int = Field(default=64 * 2**30, ge=1024)
    max_parts: int = Field(default=100_000, ge=1)
    max_head_bytes: int = Field(default=64 * 2**10, ge=1024)
    head_seconds: float = Field(default=30, gt=0)
    body_seconds: float = Field(default=60, gt=0)
    max_results: int = Field(default=1000, ge=1)

    cors_origins: Annotated[Names, AfterValidator(_origins)] = []
    render_threads: int = Field(default=2, ge=1)
    codec_processes: int = Field(default=2, ge=1)
    codec_seconds: float = Field(default=20, gt=0)
    max_frame_bytes: int = Field(default=256 * 2**20, ge=1024)
    pixel_cache_bytes: int = Field(default=32 * 2**20, ge=0)
    log_level: Literal["debug", "info", "warning", "error"] = "info"

    @property
    def index_url(self) -> str:
        """The index's database: by default an SQLite file beside the stored files."""
        return self.database_url or f"sqlite:///{self.data.absolute() / 'index.sqlite'}"


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"{PREFIX}{name.upper()}"


def unknown_variables(environment: Iterable[str]) -> dict[str, str]:
    """Return the variables that look like settings and are none, each with the one that is most like it."""
    names = [variable(name) for name in Settings.model_fields]
    unknown = (name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in names)
    return {name: max(names, key=partial(_likeness, name.upper())) for name in sorted(unknown)}


def _likeness(name: str, other: str) -> float:
    """Return how alike two names are: letters in their order, and whatever their order, as in PROT."""
    pairs = ((name, other), (sorted(name), sorted(other)))
    return sum(SequenceMatcher(None, *pair).ratio() for pair in pairs)


def roles_of(settings: Settings) -> Roles:
    """Return all roles there are, those of the settings in place of ours of the same name."""
    return {**ROLES, **settings.roles}


def is_loopback(host: str) -> bool:
    """Tell whether only programs of the same machine reach what listens there."""
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
