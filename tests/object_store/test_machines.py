"""Three machines with one database and one object store: what one acknowledged, all of them know at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.object_store.machines import Chronicle, machines
from tests.serving import run
from tests.web.messages import ct, fetch, store, url

ROUNDS = 25


@pytest.fixture
def clients(postgresql_url: str, s3_url: str, tmp_path: Path) -> Iterator[list[httpx.Client]]:
    with machines(tmp_path, postgresql_url, s3_url) as clients:
        yield clients


def test_all_answer_what_any_of_them_has_acknowledged(clients: list[httpx.Client]) -> None:
    chronicle = Chronicle(clients, seed=7)

    for _ in range(ROUNDS):
        chronicle.go_on()


def test_of_replacements_and_deletes_at_the_same_time_all_see_the_same_end(
    clients: list[httpx.Client], postgresql_url: str, s3_url: str, tmp_path: Path
) -> None:
    editions = [ct("7.1.1", PatientComments=f"edition {number}") for number in range(9)]

    def work(number: int) -> list[int]:
        client = clients[number]
        answers = [store(client, edition).status_code for edition in editions[number::3]]
        return [*answers, client.delete("studies/7").status_code, store(client, editions[number]).status_code]

    with ThreadPoolExecutor(len(clients)) as pool:
        answers = list(pool.map(work, range(len(clients))))

    assert {status for statuses in answers for status in statuses} <= {200, 204, 404}
    [content] = {fetch(client, "7.1.1").content for client in clients}
    assert content in editions
    assert {client.get(f"{url('7.1.1')}/frames/1").status_code for client in clients} == {200}
    settings = {"DICOMWEB_DATABASE_URL": postgresql_url, "DICOMWEB_BLOBS": s3_url}
    verified = run(tmp_path / "verifier", "verify", **settings)
    assert (verified.returncode, "1 intact" in verified.stderr) == (0, True), verified.stderr
