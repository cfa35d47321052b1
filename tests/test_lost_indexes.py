"""An index that is lost, broken, half made again or of another version; and files that are lost."""

import shutil
import signal
import sqlite3
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from service.archive.index.engine.engines import create_engine
from tests.builders import ct_image, part10
from tests.serving import COMMAND, ROOT, Process, environment, process, run
from tests.waiting import wait_for
from tests.web.messages import fetch, store

FILES = {uid: part10(ct_image(uid)) for uid in ("1.1.1", "1.1.2", "2.1.1")}
Damage = Callable[[Path], None]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """An archive of three instances that nobody serves."""
    data = tmp_path / "data"
    with process(data) as server:
        assert store(server.client, *FILES.values()).status_code == 200
        server.stop()
    return data


def ready(server: Process) -> httpx.Response:
    return server.client.get(server.client.base_url.copy_with(path="/health/ready"))


def lose(data: Path) -> None:
    for file in data.glob("index.sqlite*"):
        file.unlink()


def spoil(data: Path) -> None:
    lose(data)
    (data / "index.sqlite").write_bytes(b"this is no database" * 1000)


def cut(data: Path) -> None:
    content = (data / "index.sqlite").read_bytes()
    lose(data)
    (data / "index.sqlite").write_bytes(content[: len(content) // 2])


def overwrite(data: Path) -> None:
    content = bytearray((data / "index.sqlite").read_bytes())
    content[8192:-4096] = bytes(len(content) - 4096 - 8192)
    (data / "index.sqlite").write_bytes(content)


def outgrow(data: Path) -> None:
    with sqlite3.connect(data / "index.sqlite") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")


def assert_whole(data: Path) -> None:
    with process(data) as server:
        wait_for(lambda: ready(server).status_code == 200)
        for uid, file in FILES.items():
            assert fetch(server.client, uid).content == file
        server.stop()


@pytest.mark.parametrize("damage", [spoil, cut, outgrow], ids=lambda damage: damage.__name__)
def test_an_index_that_cannot_be_used_is_one_line_with_its_path_and_what_helps(
    data: Path, damage: Damage
) -> None:
    damage(data)

    result = run(data, "serve")

    assert result.returncode == 1
    [line] = result.stderr.splitlines()
    assert str(data / "index.sqlite") in line
    assert "dicomweb-service reindex" in line


@pytest.mark.parametrize("damage", [lose, spoil, cut, overwrite, outgrow], ids=lambda damage: damage.__name__)
def test_reindexing_mends_an_index_whatever_has_become_of_it(data: Path, damage: Damage) -> None:
    damage(data)

    result = run(data, "reindex")

    assert (result.returncode, "3 stored" in result.stderr) == (0, True), result.stderr
    assert_whole(data)


def test_beside_stored_files_a_lost_index_is_not_ready_until_it_is_made_again(data: Path) -> None:
    lose(data)

    for _ in range(2):
        with process(data) as server:
            wait_for(lambda: "reindex" in ready(server).json()["message"])  # else it had no time to find out
            assert ready(server).status_code == 503
            assert "reindex" in server.log.read_text()
            server.stop()

    assert run(data, "reindex").returncode == 0
    assert_whole(data)


def test_an_index_of_another_name_is_not_doubted_for_what_was_begun_beside_the_same_files(data: Path) -> None:
    other = f"sqlite:///{data / 'other.sqlite'}"
    with process(data, DICOMWEB_DATABASE_URL=other) as server:
        assert ready(server).status_code == 503
        server.stop()

    assert_whole(data)


def test_a_reindex_that_is_killed_says_so_and_another_one_finishes_it(data: Path) -> None:
    with process(data) as server:
        for study in range(3, 19):
            store(server.client, *(part10(ct_image(f"{study}.1.{number}")) for number in range(1, 100)))
        server.stop()
    popen = subprocess.Popen(
        (*COMMAND, "reindex"), cwd=ROOT, env=environment(data, {}), stderr=subprocess.DEVNULL
    )
    wait_for((data / "index-is-incomplete").exists, pause=0.001)  # it is done in a second
    popen.send_signal(signal.SIGKILL)
    assert popen.wait() == -signal.SIGKILL

    with process(data) as server:
        assert ready(server).status_code == 503
        server.stop()
    assert run(data, "reindex").returncode == 0
    assert_whole(data)


def test_where_the_files_are_gone_the_service_does_not_start(data: Path) -> None:
    shutil.rmtree(data / "instances")

    for _ in range(2):
        result = run(data, "serve")
        assert result.returncode == 1
        [line] = result.stderr.splitlines()
        assert str(data / "instances") in line
        assert "reindex" in line

    assert run(data, "reindex").returncode == 0
    with process(data) as server:
        wait_for(lambda: ready(server).status_code == 200)


def test_where_the_files_go_while_serving_nothing_is_stored_beside_them(data: Path) -> None:
    with process(data) as server:
        (data / "instances").rename(data / "elsewhere")
        assert ready(server).status_code == 503
        assert store(server.client, part10(ct_image("3.1.1"))).status_code == 503

        (data / "elsewhere").rename(data / "instances")
        wait_for(lambda: ready(server).status_code == 200)
        assert store(server.client, part10(ct_image("3.1.1"))).status_code == 200


def test_reindexing_does_not_bring_back_what_is_deleted_and_still_has_its_file(data: Path) -> None:
    [path] = data.rglob("1.1.1.*.dcm")
    content = path.read_bytes()
    with process(data) as server:
        server.client.delete("studies/1/series/1.1/instances/1.1.1")
        server.stop()
    path.mkdir()  # what cannot be removed as a file is
    with sqlite3.connect(data / "index.sqlite") as connection:
        connection.execute("INSERT INTO doomed VALUES (?)", [path.relative_to(data / "instances").as_posix()])
    result = run(data, "reindex")
    path.rmdir()
    path.write_bytes(content)

    again = run(data, "reindex")

    assert "2 stored" in result.stderr
    assert "2 stored" in again.stderr
    assert not path.exists()


def test_a_schema_of_postgresql_that_is_not_known_is_made_anew_by_reindexing(
    tmp_path: Path, postgresql_server: str
) -> None:
    server_url = sa.make_url(postgresql_server)
    engine = create_engine(postgresql_server)
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(sa.text("CREATE DATABASE newer"))
    engine.dispose()
    url = server_url.set(database="newer").render_as_string(hide_password=False)
    data = tmp_path / "data"
    with process(data, DICOMWEB_DATABASE_URL=url) as server:
        store(server.client, *FILES.values())
        server.stop()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()

    refused = run(data, "serve", DICOMWEB_DATABASE_URL=url)
    reindexed = run(data, "reindex", DICOMWEB_DATABASE_URL=url)

    assert refused.returncode == 1
    assert "schema 9999" in refused.stderr
    assert (reindexed.returncode, "3 stored" in reindexed.stderr) == (0, True), reindexed.stderr
