"""Several machines that serve one archive, and what each of them has to answer, after whatever others did."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from random import Random

import httpx

from tests.serving import process
from tests.web.messages import ct, fetch, store, url

NUMBER = 3
_STUDY = "7"
_INSTANCES = [f"{_STUDY}.{series}.{number}" for series in (1, 2) for number in (1, 2, 3)]


@contextmanager
def machines(
    folder: Path, database_url: str, files_url: str, **settings: str
) -> Iterator[list[httpx.Client]]:
    """Start machines that share a database and an object store, and nothing else; lend a client of each."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(
                process(
                    folder / f"machine {number}",
                    DICOMWEB_DATABASE_URL=database_url,
                    DICOMWEB_BLOBS=files_url,
                    DICOMWEB_ON_CONFLICT="replace",
                    **settings,
                )
            ).client
            for number in range(NUMBER)
        ]


class Chronicle:
    """What has been acknowledged, by whichever machine, and so has to be answered by all.

    Attributes:
        checks: how many answers have been compared.
    """

    def __init__(self, clients: list[httpx.Client], seed: int) -> None:
        self._clients = clients
        self._random = Random(seed)  # noqa: S311 (which machine does what is no secret)
        self._files: dict[str, bytes] = {}
        self._edition = 0
        self.checks = 0

    def go_on(self) -> None:
        """Store, replace or delete by one machine, and compare what all of them answer."""
        client = self._random.choice(self._clients)
        if self._files and self._random.random() < 0.3:
            self._delete(client)
        else:
            self._store(client)
        for each in self._clients:
            self._compare(each)

    def _store(self, client: httpx.Client) -> None:
        self._edition += 1
        uids = self._random.sample(_INSTANCES, self._random.randint(1, 3))
        files = {uid: ct(uid, PatientComments=f"edition {self._edition}") for uid in uids}
        assert store(client, *files.values()).status_code == 200
        self._files |= files

    def _delete(self, client: httpx.Client) -> None:
        uid = self._random.choice(sorted(self._files))
        series, _, _ = uid.rpartition(".")
        path = self._random.choice([url(uid), f"studies/{_STUDY}/series/{series}", f"studies/{_STUDY}"])
        assert client.delete(path).status_code == 204
        self._files = {other: file for other, file in self._files.items() if not _is_below(path, other)}

    def _compare(self, client: httpx.Client) -> None:
        for uid in _INSTANCES:
            self._check(_file(client, uid), self._files.get(uid))
            self._check(_edition(client, uid), _edition_of(self._files.get(uid)))
            frame = client.get(f"{url(uid)}/frames/1").status_code
            self._check(frame, 200 if uid in self._files else 404)
        listed = client.get("instances", params={"StudyInstanceUID": _STUDY})
        rows = listed.json() if listed.status_code == 200 else []
        self._check({row["00080018"]["Value"][0] for row in rows}, set(self._files))

    def _check(self, answer: object, expected: object) -> None:
        assert answer == expected
        self.checks += 1


def _is_below(path: str, uid: str) -> bool:
    return f"{url(uid)}/".startswith(f"{path}/")


def _file(client: httpx.Client, uid: str) -> bytes | None:
    answer = fetch(client, uid)
    assert answer.status_code in (200, 404)
    return answer.content if answer.status_code == 200 else None


def _edition(client: httpx.Client, uid: str) -> str | None:
    answer = client.get(f"{url(uid)}/metadata")
    assert answer.status_code in (200, 404)
    return _comments(answer.json()[0]) if answer.status_code == 200 else None


def _comments(attributes: Mapping[str, Mapping[str, list[str]]]) -> str:
    return attributes["00104000"]["Value"][0]


def _edition_of(file: bytes | None) -> str | None:
    if file is None:
        return None
    text = file.partition(b"edition ")[2]
    return "edition " + text[: len(text) - len(text.lstrip(b"0123456789"))].decode()
