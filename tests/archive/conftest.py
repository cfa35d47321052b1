import pytest
import sqlalchemy as sa

from tests.archive.stored import STORED
from tests.metadata import store


@pytest.fixture
def index(connection: sa.Connection) -> sa.Connection:
    store(connection, *STORED)
    return connection
