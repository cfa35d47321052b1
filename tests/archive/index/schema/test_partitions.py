"""Tables in parts, as deploy/partitions.sql makes them for very large archives: all answers are the same."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from service.archive.index.engine.engines import create_engine
from service.archive.index.schema.versions import upgrade
from service.settings import Settings
from tests.serving import ROOT, serving
from tests.web.messages import ct, fetch, store

SCRIPT = (ROOT / "deploy" / "partitions.sql").read_text(encoding="utf-8")


@pytest.fixture
def own_url(postgresql_server: str) -> Iterator[str]:
    """A migrated PostgreSQL database that nobody else uses."""
    name = f"parts_{uuid4().hex}"
    engine = sa.create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
        url = sa.make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)
        upgrade(url)
        yield url
        connection.execute(sa.text(f"DROP DATABASE {name} WITH (FORCE)"))
    engine.dispose()


def test_what_is_stored_before_and_after_is_found_replaced_and_deleted(own_url: str, tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, database_url=own_url, on_conflict="replace")
    before = {uid: ct(uid) for uid in ("1.1.1", "1.1.2", "2.1.1")}
    with serving(settings) as client:
        assert store(client, *before.values()).status_code == 200

    engine = create_engine(own_url)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.connection.cursor().execute(SCRIPT)
    engine.dispose()

    after = {uid: ct(uid, PatientComments="later") for uid in ("1.1.2", "1.2.1", "3.1.1")}
    with serving(settings) as client:
        assert store(client, *after.values()).status_code == 200
        assert {uid: fetch(client, uid).content for uid in before | after} == before | after
        assert client.get("instances?SOPInstanceUID=1.1.2").json()[0]["00200013"]["Value"] == [1]
        assert len(client.get("studies/1/metadata").json()) == 3
        assert client.delete("studies/1").status_code == 204
        assert {row["0020000D"]["Value"][0] for row in client.get("studies").json()} == {"2", "3"}
        assert client.get("studies/1/metadata").status_code == 404
