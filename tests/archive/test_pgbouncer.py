"""PostgreSQL behind pgbouncer, which gives each transaction whatever connection is free."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from service.settings import Settings
from tests.ports import reserved_ports
from tests.serving import serving
from tests.waiting import wait_for
from tests.web.messages import ct, fetch, store

POOL = 2  # connections to the server
CLIENTS = 8


@pytest.fixture
def port() -> Iterator[int]:
    """A port for it to listen on."""
    with reserved_ports(1) as [port]:
        yield port


@pytest.fixture
def pooled(postgresql_url: str, port: int) -> Iterator[str]:
    """The URL of an empty migrated database, behind pgbouncer."""
    program = shutil.which("pgbouncer", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        pytest.skip("needs pgbouncer")
    server = sa.make_url(postgresql_url)
    socket = str(server.query["host"])
    folder = Path(tempfile.mkdtemp(prefix="pgbouncer"))
    (folder / "users").write_text(f'"{server.username}" ""')
    (folder / "pgbouncer.ini").write_text(
        f"""
        [databases]
        {server.database} = host={socket}
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = {port}
        unix_socket_dir =
        auth_type = trust
        auth_file = {folder / "users"}
        pool_mode = transaction
        default_pool_size = {POOL}
        """
    )
    folder.chmod(0o755)
    user = [] if os.geteuid() else ["-u", Path(socket).owner()]  # it does not run as root
    url = sa.URL.create("postgresql", server.username, None, "127.0.0.1", port, server.database)
    with subprocess.Popen([program, "-q", *user, folder / "pgbouncer.ini"]) as bouncer:
        try:
            wait_for(lambda: _answers(url.set(drivername="postgresql+psycopg")))
            yield f"{url.render_as_string()}?prepare_threshold=none"
        finally:
            bouncer.kill()
            shutil.rmtree(folder)


def _answers(url: sa.URL) -> bool:
    engine = sa.create_engine(url)
    try:
        engine.connect().close()
    except sa.exc.OperationalError:
        return False
    finally:
        engine.dispose()
    return True


def test_behind_pgbouncer_stores_searches_and_frames_are_as_without(pooled: str, tmp_path: Path) -> None:
    def work(client: httpx.Client, study: int) -> bool:
        uids = [f"{study}.1.{number}" for number in range(10)]
        files = {uid: ct(uid) for uid in uids}
        stored = [store(client, file).status_code for file in files.values()]
        same = [fetch(client, uid).content == file for uid, file in files.items()]
        listed = client.get(f"studies/{study}/instances").json()
        gone = client.delete(f"studies/{study}").status_code
        return stored == [200] * 10 and all(same) and len(listed) == 10 and gone == 204

    with (
        serving(Settings(data=tmp_path / "data", database_url=pooled)) as client,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):
        results = list(pool.map(work, [client] * CLIENTS, range(1, CLIENTS + 1)))
        left = client.get("studies").status_code

    assert results == [True] * CLIENTS
    assert left == 204
