"""Work on a whole archive in an object store: reindex, verify, copy; and what killed stores leave there."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from service.archive import Archive, open_archive
from service.archive.files.opening import open_blobs
from service.archive.index.writes.changes import remove
from service.archive.instance import blob_key, new_version
from service.archive.tasks import opening
from service.archive.tasks.orphans import remove_orphans
from service.scope import EVERYTHING
from service.settings import Settings
from tests.archive.intake import keys, note, put, spooled
from tests.builders import ct_image, part10
from tests.serving import run, serving
from tests.web.messages import fetch, store, url

FILES = {uid: part10(ct_image(uid)) for uid in ("1.1.1", "1.1.2", "2.1.1")}
AT_ONCE = timedelta(0)


@pytest.fixture
def archive(database_url: str, s3_url: str, tmp_path: Path) -> Iterator[Archive]:
    """An archive with nothing in it, on each kind of database in turn."""
    archive = open_archive(database_url, open_blobs(tmp_path, s3_url, 2**20), replace=False)
    yield archive
    archive.close()


def orphan(archive: Archive, uid: str) -> str:
    """Leave what a store leaves that is killed before its row is written, on a machine that is gone."""
    study, series, _ = uid.split(".")
    spool = spooled(archive.blobs.incoming, part10(ct_image(uid)))
    key = blob_key(study, f"{study}.{series}", uid, spool.digest, new_version())
    assert archive.blobs.put([(key, spool)]) == {}
    return key


def test_what_no_row_claims_is_removed_when_it_is_old_enough(archive: Archive) -> None:
    put(archive, *FILES.values())
    stored = set(keys(archive))
    left = {orphan(archive, "1.1.1"), orphan(archive, "3.1.1")}

    assert remove_orphans(archive) == 0
    assert set(keys(archive)) == stored | left

    assert remove_orphans(archive, AT_ONCE) == 2
    assert set(keys(archive)) == stored


def test_beside_an_index_that_lacks_files_nothing_is_removed(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("service.archive.tasks.orphans._FEW", 1)
    put(archive, FILES["1.1.1"])
    orphan(archive, "1.1.2")
    orphan(archive, "2.1.1")

    assert remove_orphans(archive, AT_ONCE) == 0

    assert len(keys(archive)) == 3
    assert "do index and files belong together?" in caplog.text


def test_what_was_deleted_while_the_store_was_away_goes_with_the_orphans(archive: Archive) -> None:
    put(archive, *FILES.values())

    archive.index.write_now(remove, EVERYTHING, "1", None, None)

    assert remove_orphans(archive) == 0
    assert [key.split("/")[0] for key in keys(archive)] == ["2"]


@contextmanager
def served(data: Path, blobs: str | None = None) -> Iterator[httpx.Client]:
    """Serve an archive on a folder that has had its first migration."""
    blobs_before = open_blobs(data, blobs)
    opening.migrate(Settings(data=data).index_url, blobs_before)
    blobs_before.close()
    with serving(Settings(data=data, blobs=blobs)) as client:
        yield client


def ready(client: httpx.Client) -> httpx.Response:
    return client.get(client.base_url.copy_with(path="/health/ready"))


def test_an_archive_moves_to_an_object_store_and_back_while_it_is_served(tmp_path: Path, s3_url: str) -> None:
    data, other = tmp_path / "data", tmp_path / "other"
    with served(data) as client:
        store(client, *list(FILES.values())[:2])
        first = run(data, "copy", "--to", s3_url)
        store(client, FILES["2.1.1"])
        client.delete(url("1.1.2"))
        second = run(data, "copy", "--to", s3_url)

    assert (first.returncode, second.returncode) == (0, 0), first.stderr + second.stderr
    assert "2 copied" in first.stderr
    assert all(words in second.stderr for words in ("1 copied", "1 there already"))
    verified = run(data, "verify", DICOMWEB_BLOBS=s3_url)
    assert (verified.returncode, "2 intact, 1 left over" in verified.stderr) == (0, True), verified.stderr
    with served(data, s3_url) as client:
        assert fetch(client, "1.1.1").content == FILES["1.1.1"]
        assert fetch(client, "1.1.2").status_code == 404

    back = run(data, "copy", "--to", str(other), DICOMWEB_BLOBS=s3_url)
    assert "2 copied" in back.stderr
    (data / "index.sqlite").rename(other / "index.sqlite")
    assert "2 intact" in run(other, "verify").stderr


def test_a_damaged_file_is_not_copied_and_named(tmp_path: Path, s3_url: str) -> None:
    with served(tmp_path) as client:
        store(client, *FILES.values())
    [file] = (tmp_path / "instances/1/1.1").glob("1.1.1.*")
    file.write_bytes(file.read_bytes()[:-1] + b"?")

    copied = run(tmp_path, "copy", "--to", s3_url)

    assert copied.returncode == 1
    assert "2 copied, 1 failed" in copied.stderr
    assert "content" in copied.stderr  # of a table whose lines are broken where the path is long


@pytest.mark.parametrize("place", ["s3://no-such-bucket", "s4://bucket", "az://"])
def test_what_cannot_be_copied_to_is_told_in_a_line(tmp_path: Path, s3_url: str, place: str) -> None:
    with served(tmp_path) as client:
        store(client, *FILES.values())

    copied = run(tmp_path, "copy", "--to", place)

    assert copied.returncode == 1
    *_, reason = copied.stderr.splitlines()
    assert reason
    assert "Traceback" not in copied.stderr


def test_a_lost_index_is_made_again_from_the_objects_and_is_not_ready_before(
    tmp_path: Path, s3_url: str
) -> None:
    with served(tmp_path, s3_url) as client:
        store(client, *FILES.values())
    for file in tmp_path.glob("index.sqlite*"):
        file.unlink()

    with served(tmp_path, s3_url) as client:
        assert ready(client).status_code == 503
    reindexed = run(tmp_path, "reindex", DICOMWEB_BLOBS=s3_url)

    assert "3 stored" in reindexed.stderr, reindexed.stderr
    with served(tmp_path, s3_url) as client:
        assert ready(client).status_code == 200
        assert {uid: fetch(client, uid).content for uid in FILES} == FILES


def test_an_index_begun_while_the_store_was_away_is_looked_at_when_it_is_back(
    tmp_path: Path, s3_url: str
) -> None:
    with served(tmp_path / "data", s3_url) as client:
        store(client, *FILES.values())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
        with served(tmp_path / "other", s3_url) as client:
            away = ready(client)
    with served(tmp_path / "other", s3_url) as client:
        back = ready(client)

    assert (away.status_code, back.status_code) == (503, 503)
    assert "object store" in away.text
    assert "run dicomweb-service reindex" in back.text


def test_what_a_killed_store_noted_is_removed_at_the_next_start(archive: Archive) -> None:
    put(archive, *FILES.values())
    left = orphan(archive, "3.1.1")
    note(archive, *keys(archive), "3/3.1/cut by a ki")

    archive.leftovers.clean()

    assert left not in keys(archive)
    assert len(keys(archive)) == 3
