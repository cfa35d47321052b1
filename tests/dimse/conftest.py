"""The service with both of its front doors, and where its index and its files can be."""

import itertools
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.archive import Archive, open_archive
from service.archive.index.schema.versions import upgrade
from service.parts import blobs_of
from service.settings import Settings
from tests.conftest import execute
from tests.dimse.places import environment_of
from tests.serving import Process, process

_numbers = itertools.count(1)


@pytest.fixture(scope="module", params=["SQLite and a folder", "PostgreSQL and an object store"])
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Where an empty archive is, its index migrated: of each kind in turn."""
    folder = tmp_path_factory.mktemp("place") / "data"
    if request.param == "SQLite and a folder":
        settings = Settings(data=folder)
    else:
        server = request.getfixturevalue("postgresql_server")
        name = f"dimse{next(_numbers)}"
        execute(server, sa.text(f"CREATE DATABASE {name}"))
        url = sa.make_url(server).set(database=name).render_as_string(hide_password=False)
        blobs = f"{request.getfixturevalue('s3_server').url}/{name}/files"
        settings = Settings(data=folder, database_url=url, blobs=blobs)
    folder.mkdir()
    upgrade(settings.index_url)
    return settings


@pytest.fixture(scope="module")
def archive(place: Settings) -> Iterator[Archive]:
    """An archive with nothing in it, on each kind of index and files in turn."""
    archive = open_archive(place.index_url, blobs_of(place), replace=False)
    yield archive
    archive.close()


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Lend the service; nobody is asked who they are."""
    with process(tmp_path_factory.mktemp("pacs") / "data", "--dimse", "0", DICOMWEB_METRICS="on") as running:
        yield running


@pytest.fixture(scope="module")
def placed(place: Settings) -> Iterator[Process]:
    """Lend the service on each kind of index and files in turn; nobody is asked who they are."""
    with process(place.data, "--dimse", "0", DICOMWEB_METRICS="on", **environment_of(place)) as running:
        yield running


@pytest.fixture(scope="module")
def port(pacs: Process) -> int:
    """Return where DIMSE is served."""
    assert pacs.dimse_port is not None
    return pacs.dimse_port
