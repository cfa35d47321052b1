"""Servers side by side: the same requests to each in turn, in short rounds, so that noise cancels.

A ratio is taken within each round, and the median of the rounds is what counts.
"""

import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from itertools import count, cycle
from pathlib import Path
from typing import Any

import httpx

from tests.bench.corpus import Corpus
from tests.bench.phantoms import File
from tests.bench.requests import Asked
from tests.bench.scenarios import Scenario
from tests.bench.servers import Server
from tests.bench.slices import Figures, measure, middle

Contender = tuple[Server, Callable[[int], Sequence[File]]]  # number of the slice → requests on the wire

_RECORDED = 35  # different answers that a file server gets of a scenario


@dataclass(frozen=True, slots=True)
class Line:
    """What one scenario came to with one number of clients.

    Attributes:
        scenario: its name.
        clients: connections.
        rounds: per server's name, its figures in each round; no key for one that does not answer it.
    """

    scenario: str
    clients: int
    rounds: dict[str, list[Figures]]

    def figures(self, server: str) -> Figures | None:
        """Return the middle of a server's rounds."""
        return middle(self.rounds[server]) if server in self.rounds else None

    def ratio(self, server: str, other: str, figure: str) -> float | None:
        """Return how many times as much of a figure a server has as another one, within a round."""
        pairs = zip(self.rounds.get(server, ()), self.rounds.get(other, ()), strict=False)
        values = [(getattr(slice_, figure), getattr(rival, figure)) for slice_, rival in pairs]
        ratios = [value / other_value for value, other_value in values if value and other_value]
        return statistics.median(ratios) if ratios else None

    def as_json(self) -> dict[str, Any]:
        """Return everything that was measured."""
        rounds = {name: [slice_.as_json() for slice_ in slices] for name, slices in self.rounds.items()}
        return {"scenario": self.scenario, "clients": self.clients, "rounds": rounds}


class Contest:
    """Runs scenarios on servers that hold the same corpus.

    Args:
        servers: the first one is the one that others are compared with.
        corpus: what they hold.
        files: a file server, and the folder that it serves; None for no such comparison.
        rounds: of each scenario.
        seconds: of each slice.
    """

    def __init__(
        self,
        servers: Sequence[Server],
        corpus: Corpus,
        files: tuple[Server, Path] | None,
        rounds: int,
        seconds: float,
    ) -> None:
        self._servers = servers
        self._corpus = corpus
        self._files = files
        self._rounds = rounds
        self._seconds = seconds
        self._turns = count(1)
        self._recordings = count(1)

    def run(self, scenario: Scenario) -> Iterator[Line]:
        """Yield a line for each number of clients; none if the first server does not answer."""
        contenders = self._contenders(scenario)
        if not any(server is self._servers[0] for server, _ in contenders):
            return
        for clients in scenario.clients:
            yield self._line(scenario, clients, contenders)

    def _line(self, scenario: Scenario, clients: int, contenders: Sequence[Contender]) -> Line:
        rounds: dict[str, list[Figures]] = {server.name: [] for server, _ in contenders}
        for number in range(1 if scenario.is_long else self._rounds):
            turn = next(self._turns)
            for server, ready in contenders if number % 2 == 0 else contenders[::-1]:
                requests = ready(turn)
                source = requests if scenario.is_once else cycle(requests)
                rounds[server.name].append(measure(server, source, clients, self._seconds))
        return Line(scenario.name, clients, rounds)

    def _contenders(self, scenario: Scenario) -> list[Contender]:
        """Return the servers that answer a scenario, and how its requests to each are made ready."""
        questions = scenario.asked(self._corpus, 0)
        contenders: list[Contender] = []
        for server in self._servers:
            fields = () if questions[0].body else self._answered(scenario, server, questions[0])
            if fields is not None:
                contenders.append((server, _requests(scenario, self._corpus, server, fields)))
        if self._files and scenario.is_static and contenders:
            contenders.append(self._recorded(questions[:_RECORDED], *self._files))
        return contenders

    def _answered(
        self, scenario: Scenario, server: Server, question: Asked
    ) -> tuple[tuple[str, str], ...] | None:
        """Try a request, and return the header fields that further ones need; None if it fails."""
        with _get(server.url, question) as answer:
            if answer.status_code // 100 != 2:
                return None
            if not scenario.is_conditional:
                return ()
            etag = answer.headers.get("etag")
            return (("If-None-Match", etag),) if etag else None

    def _recorded(self, questions: Sequence[Asked], server: Server, folder: Path) -> Contender:
        """Save the first server's answers as files of the file server."""
        place = folder / str(next(self._recordings))
        place.mkdir()
        for number, question in enumerate(questions):
            with _get(self._servers[0].url, question) as answer, (place / str(number)).open("wb") as file:
                file.writelines(answer.raise_for_status().iter_raw(2**20))
        paths = [Asked(f"/{place.name}/{number}") for number in range(len(questions))]
        with _get(server.url, paths[0]) as answer:
            answer.raise_for_status()
        requests = [question.on_wire(server.url) for question in paths]
        return server, lambda _: requests


def _requests(
    scenario: Scenario, corpus: Corpus, server: Server, fields: tuple[tuple[str, str], ...]
) -> Callable[[int], Sequence[File]]:
    def ready(turn: int) -> Sequence[File]:
        questions = scenario.asked(corpus, turn)[: 1 if fields else None]  # an ETag is of one of them
        return [
            replace(question, headers=(*question.headers, *fields)).on_wire(server.url)
            for question in questions
        ]

    return ready


def _get(base: str, question: Asked) -> AbstractContextManager[httpx.Response]:
    headers = [*question.headers, ("Accept-Encoding", "identity")]
    return httpx.stream("GET", base + question.path, headers=headers, timeout=300, trust_env=False)
