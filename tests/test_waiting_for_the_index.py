"""Requests that wait for the index: a lock that another process holds, and connections that others have."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from service.archive.index.engine.engines import create_engine
from tests.builders import DEFLATED, ct_image, part10
from tests.locks import locked
from tests.serving import process
from tests.waiting import wait_for
from tests.web.messages import store, url

MANY = 45  # more than there are threads for requests that wait


@pytest.mark.parametrize(
    ("audit", "at_a_time"),
    [("index", 40), ("", 2)],
    ids=["each by itself", "those that come together as one"],
)
def test_while_many_stores_wait_for_a_lock_the_service_is_ready_and_is_read(
    audit: str, at_a_time: int, tmp_path: Path
) -> None:
    environment = {"DICOMWEB_AUDIT": audit} if audit else {}
    files = [part10(ct_image(f"2.1.{number}")) for number in range(1, MANY + 1)]

    def all_are_kept() -> bool:
        kept = sum(name.startswith("2.1.") for _, _, names in os.walk(tmp_path) for name in names)
        return kept >= at_a_time

    with process(tmp_path / "data", **environment) as server, ThreadPoolExecutor(MANY) as pool:
        store(server.client, part10(ct_image("1.1.1"), DEFLATED))
        health = server.client.base_url.copy_with(path="/health/ready")
        with locked(tmp_path / "data/index.sqlite"):
            stores = [pool.submit(store, server.client, file) for file in files]
            wait_for(all_are_kept)
            wait_for(lambda: server.client.get(health).status_code == 200)
            converted = server.client.get(url("1.1.1"), headers={"accept": "application/dicom"})
            assert not any(one.done() for one in stores)
        statuses = [one.result().status_code for one in stores]

    assert converted.status_code == 200
    assert statuses == [200] * MANY


@pytest.fixture
def small_role(postgresql_url: str) -> Iterator[str]:
    """A database as one who may have four connections at a time."""
    role = "CREATE ROLE small LOGIN CONNECTION LIMIT 4"
    grants = [f"GRANT ALL ON ALL {kind} IN SCHEMA public TO small" for kind in ("TABLES", "SEQUENCES")]
    drop = "DROP OWNED BY small", "DROP ROLE small"
    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        for statement in (role, *grants):
            connection.execute(sa.text(statement))
    yield sa.make_url(postgresql_url).set(username="small").render_as_string(hide_password=False)
    with engine.begin() as connection:
        for statement in drop:
            connection.execute(sa.text(statement))
    engine.dispose()


def test_where_postgresql_has_too_few_connections_requests_wait_instead_of_failing(
    small_role: str, tmp_path: Path
) -> None:
    with (
        process(tmp_path / "data", "--workers", "2", DICOMWEB_DATABASE_URL=small_role) as server,
        ThreadPoolExecutor(16) as pool,
    ):
        stores = [
            pool.submit(store, server.client, part10(ct_image(f"1.1.{number}"))) for number in range(1, 40)
        ]
        searches = [pool.submit(server.client.get, "studies") for _ in range(80)]
        statuses = {one.result().status_code for one in (*stores, *searches)}

    assert statuses <= {200, 204}
