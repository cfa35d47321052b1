"""The service on an object store answers as it does on a folder: from the store, and from the cache."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest
from pydantic import HttpUrl

from service.settings import Settings
from tests.object_store.holdings import FILES, Question, answers
from tests.serving import serving
from tests.web.messages import DICOM, fetch, store, url

PUBLIC_URL = HttpUrl("http://pacs.example/dicom-web")
Start = Callable[..., httpx.Client]


@pytest.fixture(scope="module")
def expected(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> list[tuple[Question, int, bytes]]:
    """What is answered by a service that has its files in a folder."""
    folder = tmp_path_factory.mktemp("folder")
    shutil.copy(sqlite_template, folder / "index.sqlite")
    with serving(Settings(data=folder, public_url=PUBLIC_URL)) as client:
        assert store(client, *FILES.values()).status_code == 200
        return answers(client)


@pytest.fixture
def start(tmp_path: Path, sqlite_url: str, s3_url: str) -> Iterator[Start]:
    """Start a service on an object store; each is a machine of its own."""
    with ExitStack() as stack:

        def started(name: str, **settings: object) -> httpx.Client:
            defaults = {"database_url": sqlite_url, "blobs": s3_url, "public_url": PUBLIC_URL}
            return stack.enter_context(
                serving(Settings(data=tmp_path / name, **(defaults | settings)))  # type: ignore[arg-type]
            )

        yield started


def test_every_answer_is_that_of_a_folder_whether_it_is_near_or_far(
    start: Start, tmp_path: Path, expected: list[tuple[Question, int, bytes]]
) -> None:
    stored_here = start("here")
    assert store(stored_here, *FILES.values()).status_code == 200
    read_elsewhere, without_cache = start("elsewhere"), start("without", cache_bytes=0)

    assert answers(stored_here) == expected
    assert answers(read_elsewhere) == expected
    assert answers(read_elsewhere) == expected
    assert answers(without_cache) == expected
    assert all(status in (200, 206) for _, status, _ in expected)
    assert not (tmp_path / "without/cache").exists()
    assert list((tmp_path / "elsewhere/incoming").iterdir()) == []


def test_on_postgresql_what_one_stores_replaces_and_deletes_is_so_for_the_other(
    start: Start, postgresql_url: str
) -> None:
    settings = {"database_url": postgresql_url, "on_conflict": "replace"}
    one, other = start("one", **settings), start("other", **settings)
    store(one, *FILES.values())
    assert fetch(other, "1.1.1").content == FILES["1.1.1"]

    newer = FILES["1.1.1"].replace(b"ORIGINAL", b"DERIVED ")[:-2] + b"!!"
    assert other.post("studies", content=newer, headers=DICOM).status_code == 200
    assert fetch(one, "1.1.1").content == newer
    assert fetch(other, "1.1.1").content == newer

    assert one.delete(url("1.1.1")).status_code == 204
    assert fetch(other, "1.1.1").status_code == 404
    assert one.delete("studies/1").status_code == 204
    assert other.get("studies").status_code == 204
    assert store(other, *FILES.values()).status_code == 200
    assert fetch(one, "1.2.1").content == FILES["1.2.1"]


def test_a_cache_that_is_removed_or_too_small_changes_no_answer(
    start: Start, tmp_path: Path, expected: list[tuple[Question, int, bytes]]
) -> None:
    client = start("here", cache_bytes=8 * 2**20)
    store(client, *FILES.values())
    shutil.rmtree(tmp_path / "here/cache")

    assert answers(client) == expected
    assert (
        sum(file.stat().st_size for file in (tmp_path / "here/cache").rglob("*") if file.is_file())
        <= 8 * 2**20
    )
