"""The settings, read once from DICOMWEB_* and never changed."""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, FilePath, HttpUrl
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from service.audit_targets import target_of
from service.permissions import ROLES, Permissions, Roles, parsed_roles

NO_ACCESS_CONTROL, KEYS, OIDC = "none", "keys", "oidc"
PREFIX = "DICOMWEB_"
SIGNATURES = (
    "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA",
)  # fmt: skip
"""Algorithms by which tokens can be signed: those with a public key."""

_ORIGIN = re.compile(
    r"(?P<site>(?P<scheme>[a-z][a-z0-9+.-]*)://([a-z0-9_.-]+|\[[0-9a-f:.]+\]))(:(?P<port>[0-9]{1,5}))?",
    re.ASCII,
)
_PORTS = {"http": 80, "https": 443}
_SECRET_LENGTH = 32
_STORES = re.compile(r"(s3|az|gs)://[^/?#]+(/[^?#]*)?")
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


def blobs_url(value: str) -> str:
    """Return the URL of an object store.

    Raises:
        ValueError: it is none.
    """
    if not _STORES.fullmatch(value):
        raise ValueError("must be s3://bucket/prefix, az://container/prefix or gs://bucket/prefix")
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


def _callable_hosts(values: list[str]) -> list[str]:
    for value in values:
        if not value.startswith(("http://", "https://")):
            value = f"https://{value}"  # noqa: PLW2901
        if value == "*" or not _ORIGIN.fullmatch(value.lower()):
            raise ValueError(f"{value} is no host: expected host, host:port or http://host:port")
    return values


def _ways(values: list[str]) -> list[str]:
    if values != [NO_ACCESS_CONTROL] and not set(values) <= {KEYS, OIDC}:
        raise ValueError(f"must be {NO_ACCESS_CONTROL}, {KEYS}, {OIDC}, or {KEYS},{OIDC}")
    return values


def _algorithms(values: list[str]) -> list[str]:
    if not values or not set(values) <= set(SIGNATURES):
        raise ValueError(f"must be some of {', '.join(SIGNATURES)}")
    return values


def _secrets(values: list[str]) -> list[str]:
    if any(len(value) < _SECRET_LENGTH for value in values):
        raise ValueError(f"must each have at least {_SECRET_LENGTH} characters")
    return values


def _roles(value: object) -> object:
    return parsed_roles(value) if isinstance(value, str) else value


def _targets(values: list[str]) -> list[str]:
    for value in values:
        target_of(value)
    return values


class Settings(BaseSettings):
    """Every setting, its environment variable being DICOMWEB_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    workers: int = Field(default=1, ge=1)
    stop_seconds: int = Field(default=10, ge=0)
    root: Annotated[str, AfterValidator(_path_prefix)] = "/dicom-web"
    public_url: HttpUrl | None = None
    allowed_hosts: Names = []
    trusted_proxies: Annotated[Names, AfterValidator(_networks)] = ["127.0.0.1", "::1"]

    data: Path = Path("data")
    database_url: Annotated[str, AfterValidator(_database)] | None = None
    database_connections: int = Field(default=10, ge=2)
    index: Names = []
    blobs: Annotated[str, AfterValidator(blobs_url)] | None = None
    cache_bytes: int = Field(default=10 * 2**30, ge=0)
    viewer: Path = Path("viewer")

    auth: Annotated[Names, AfterValidator(_ways)] | None = None
    roles: Annotated[dict[str, Permissions], NoDecode, BeforeValidator(_roles)] = {}

    oidc_issuer: HttpUrl | None = None
    oidc_client_id: str | None = None
    oidc_client_secret: str | None = None
    oidc_audience: Names = []
    oidc_algorithms: Annotated[Names, AfterValidator(_algorithms)] = [*SIGNATURES[:9]]
    oidc_scopes: Names = ["openid", "profile", "email"]
    oidc_roles_claim: Names = ["roles"]
    oidc_tenants_claim: str | None = None
    oidc_name_claim: str = "preferred_username"
    cookie_secrets: Annotated[Names, AfterValidator(_secrets)] = []
    session_seconds: float | None = Field(default=None, gt=0)
    audit: Annotated[Names, AfterValidator(_targets)] = []
    audit_source: str = Field(default="dicomweb-service", pattern=r"^[!-~]{1,48}$")
    audit_seconds: float = Field(default=30, gt=0, le=300)
    audit_keep_days: int | None = Field(default=None, ge=1)
    audit_tls_ca: FilePath | None = None
    audit_tls_certificate: FilePath | None = None
    audit_tls_key: FilePath | None = None

    feed_days: float = Field(default=30, gt=0)
    quiet_seconds: float = Field(default=60, gt=0)
    webhook_hosts: Annotated[Names, AfterValidator(_callable_hosts)] = []

    dimse_host: str | None = None
    dimse_port: int = Field(default=11112, ge=0, le=65535)
    dimse_ae_title: str = Field(default="DICOMWEB", pattern=r"^[!-\[\]-~]([ -\[\]-~]{0,14}[!-\[\]-~])?$")
    dimse_peers: FilePath | None = None
    dimse_workers: int = Field(default=1, ge=1)
    dimse_max_associations: int = Field(default=100, ge=1)
    dimse_max_pdu_bytes: int = Field(default=256 * 2**10, ge=4096, le=16 * 2**20)
    dimse_max_results: int = Field(default=10_000, ge=1)
    dimse_seconds: float = Field(default=60, gt=0)
    dimse_tls_certificate: FilePath | None = None
    dimse_tls_key: FilePath | None = None
    dimse_tls_ca: FilePath | None = None

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
    metrics: Literal["off", "on"] = "off"
    metrics_token: str | None = Field(default=None, min_length=16)
    access_log: Literal["off", "json"] = "off"
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
