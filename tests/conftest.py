"""Databases for the tests: migrated, with nothing in them, one of each kind. And the service on them."""

import itertools
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import hypothesis
import pytest
import sqlalchemy as sa

from service.archive import Archive, open_archive
from service.archive.index.engine.engines import create_engine
from service.archive.index.schema.tables import metadata
from service.archive.index.schema.versions import upgrade
from service.settings import Settings
from tests import forks
from tests.object_stores import AZURITE, Server, azurite, google, seaweedfs
from tests.postgresql import running_postgresql
from tests.serving import ROOT, serving
from tests.waiting import PATIENCE

hypothesis.settings.register_profile("patient", hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("patient")

_studies = itertools.count(1_000_000)
_prefixes = itertools.count(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Mark the tests below a folder with the name of a marker, so that `-m "not viewer"` leaves them out."""
    markers = {line.partition(":")[0] for line in config.getini("markers")}
    for item in items:
        folder = item.path.relative_to(ROOT / "tests").parts[0]
        if folder in markers:
            item.add_marker(folder)


@pytest.fixture(scope="session", autouse=True)
def forks_that_end() -> Iterator[None]:
    """Let the process that commands of the service are forked from end with the tests."""
    yield
    forks.end()


@pytest.fixture(scope="session", autouse=True)
def _patience() -> Iterator[None]:
    """Wait as long for an OpenID provider, and for whether the disk is well, as for anything else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("service.archive._CHECK_SECONDS", PATIENCE)
        patch.setattr("service.access.requests.SECONDS", PATIENCE)
        patch.setattr("service.access.provider.SECONDS", PATIENCE)
        yield


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """A PostgreSQL of our own, in a folder whose name is short enough for its socket."""
    with (
        tempfile.TemporaryDirectory(prefix="pg", dir="/tmp", ignore_cleanup_errors=True) as folder,
        running_postgresql(Path(folder)) as uri,
    ):
        url = uri.replace("postgresql://", "postgresql+psycopg://")
        execute(url, sa.text("ALTER SYSTEM SET fsync = off"), sa.text("SELECT pg_reload_conf()"))
        yield url


@pytest.fixture(scope="session")
def migrated_postgresql(postgresql_server: str) -> str:
    """The URL of a migrated database."""
    execute(postgresql_server, sa.text("CREATE DATABASE migrated"))
    url = sa.make_url(postgresql_server).set(database="migrated").render_as_string(hide_password=False)
    upgrade(url)
    return url


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    upgrade(f"sqlite:///{path}")
    return path


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite database with nothing in it."""
    shutil.copy(sqlite_template, tmp_path / "index.db")
    return f"sqlite:///{tmp_path / 'index.db'}"


@pytest.fixture
def postgresql_url(migrated_postgresql: str) -> str:
    """A migrated PostgreSQL database with nothing in it; one for all, as making one takes half a second."""
    execute(migrated_postgresql, *map(sa.delete, reversed(metadata.sorted_tables)))
    return migrated_postgresql


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty migrated database of each kind in turn."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url


@pytest.fixture
def engine(database_url: str) -> Iterator[sa.Engine]:
    """The engine of an empty migrated database."""
    engine = create_engine(database_url)
    yield engine
    engine.dispose()


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A connection to it, for reading and writing."""
    with engine.connect().execution_options(writing=True) as connection:
        yield connection


@pytest.fixture
def archive(database_url: str, tmp_path: Path) -> Iterator[Archive]:
    """An archive with nothing in it, on each kind of database in turn."""
    archive = open_archive(database_url, tmp_path, replace=False)
    yield archive
    archive.close()


@pytest.fixture
def sqlite_archive(sqlite_url: str, tmp_path: Path) -> Iterator[Archive]:
    """An archive with nothing in it, where the kind of database makes no difference."""
    archive = open_archive(sqlite_url, tmp_path, replace=False)
    yield archive
    archive.close()


@contextmanager
def _in_environment(server: Server) -> Iterator[None]:
    """Let what runs meanwhile find a server by the environment."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in server.environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An object store that speaks S3, in the environment of all that runs afterwards."""
    with seaweedfs(tmp_path_factory.mktemp("seaweedfs")) as server, _in_environment(server):
        yield server


@pytest.fixture(scope="session")
def azure_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An object store that speaks Azure's language, in the environment of all that runs afterwards."""
    if shutil.which("node") is None or not AZURITE.exists():
        pytest.skip("needs Azurite: make clients")
    with azurite(tmp_path_factory.mktemp("azurite")) as server, _in_environment(server):
        yield server


@pytest.fixture(scope="session")
def google_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An object store that is taken for Google's, in the environment of all that runs afterwards."""
    with google(tmp_path_factory.mktemp("google")) as server, _in_environment(server):
        yield server


@pytest.fixture
def s3_url(s3_server: Server) -> str:
    """The URL of an empty place in an object store that speaks S3."""
    return f"{s3_server.url}/{next(_prefixes)}/files"


@pytest.fixture
def azure_url(azure_server: Server) -> str:
    """The URL of an empty place in an object store that speaks Azure's language."""
    return f"{azure_server.url}/{next(_prefixes)}/files"


@pytest.fixture
def google_url(google_server: Server) -> str:
    """The URL of an empty place in an object store that is taken for Google's."""
    return f"{google_server.url}/{next(_prefixes)}/files"


@pytest.fixture
def study() -> str:
    """A Study Instance UID that no other test uses."""
    return str(next(_studies))


@pytest.fixture(scope="session")
def dicomweb(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the service, one for all tests: each brings a study of its own."""
    folder = tmp_path_factory.mktemp("service")
    shutil.copy(sqlite_template, folder / "index.sqlite")
    with serving(Settings(data=folder)) as client:
        yield client


@pytest.fixture
def empty_dicomweb(database_url: str, tmp_path: Path) -> Iterator[httpx.Client]:
    """A client of the service with nothing in it, on each kind of database in turn."""
    with serving(Settings(data=tmp_path, database_url=database_url)) as client:
        yield client


@pytest.fixture
def dicomweb_with(sqlite_url: str, tmp_path: Path) -> Iterator[Callable[..., httpx.Client]]:
    """Start the service with nothing in it and these settings, and return a client of it."""
    with ExitStack() as stack:
        yield lambda **settings: stack.enter_context(
            serving(Settings(data=tmp_path, database_url=sqlite_url, **settings))
        )


def execute(url: str, *statements: sa.Executable) -> None:
    """Execute statements on a database, each for itself."""
    engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(statement)
    engine.dispose()
