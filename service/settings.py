"""The settings, read once from DICOMWEB_* and never changed."""

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, HttpUrl
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

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


class Settings(BaseSettings):
    """Every setting, its environment variable being DICOMWEB_ and its name in capitals."""

    model_config = SettingsConfigDict(env_prefix="DICOMWEB_", frozen=True, extra="ignore")

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

    on_conflict: Literal["refuse", "replace"] = "refuse"
    max_instance_bytes: int = Field(default=8 * 2**30, ge=1024)
    max_request_bytes: int = Field(default=64 * 2**30, ge=1024)
    max_parts: int = Field(default=100_000, ge=1)
    max_head_bytes: int = Field(default=64 * 2**10, ge=1024)
    head_seconds: float = Field(default=30, gt=0)
    body_seconds: float = Field(default=60, gt=0)
    max_results: int = Field(default=1000, ge=1)

    cors_origins: Names = []
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
