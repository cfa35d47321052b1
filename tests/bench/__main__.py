"""The command line of the benchmark: run · archive · soak."""

from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from tests.bench import archive, contest, report, soak
from tests.bench.corpus import Corpus, batches, corpus
from tests.bench.load import drive
from tests.bench.requests import store
from tests.bench.scenarios import SCENARIOS, Scenario
from tests.bench.servers import OURS, PEER, Server, fresh_folder, has_nginx, nginx, ours

app = typer.Typer(help="What requests cost, and what grows.", add_completion=False)
_console = Console(stderr=True, soft_wrap=True, highlight=False)

_STORED = (200, 202)

Url = Annotated[str | None, typer.Option(help="base URL of a server; by default ours is started")]
Pids = Annotated[list[int] | None, typer.Option(help="a process of that server; its children count too")]
Folder = Annotated[Path, typer.Option(help="where results are kept, and archives")]


@app.command()
def run(
    url: Url = None,
    pid: Pids = None,
    peer: Annotated[str | None, typer.Option(help="base URL of a server to compare with")] = None,
    peer_pid: Pids = None,
    database_url: Annotated[str | None, typer.Option(help="PostgreSQL for ours, instead of SQLite")] = None,
    only: Annotated[list[str] | None, typer.Option(help="scenarios whose names contain this")] = None,
    seconds: Annotated[float, typer.Option(help="of each slice")] = 1.0,
    rounds: Annotated[int, typer.Option(help="of each scenario")] = 5,
    quick: Annotated[bool, typer.Option(help="a look at everything in a minute")] = False,
    results: Annotated[Path | None, typer.Option(help="a JSON file for all figures")] = None,
) -> None:
    """Measure what requests cost, side by side with nginx and a peer."""
    if quick:
        seconds, rounds = min(seconds, 0.1), 1
    chosen = [scenario for scenario in SCENARIOS if any(part in scenario.name for part in only or [""])]
    content = corpus(quick=quick)
    with ExitStack() as stack:
        folder = stack.enter_context(fresh_folder())
        first = (
            Server(OURS, url, tuple(pid or ())) if url else stack.enter_context(ours(folder, database_url))
        )
        servers = [first, *([Server(PEER, peer, tuple(peer_pid or ()))] if peer else [])]
        files = (stack.enter_context(nginx(folder)), folder / "files") if has_nginx() else None
        for server in servers:
            _fill(server, content)
        match = contest.Contest(servers, content, files, rounds, seconds)
        lines = _measured(match, [scenario for scenario in chosen if not (quick and scenario.is_long)])
    print(f"{report.machine()}\n\n{report.table(lines)}")
    if results:
        report.save(results, lines)


@app.command(name="archive")
def archive_command(
    instances: Annotated[int, typer.Option(help="that the archive grows to", min=100)] = 100_000,
    database: Annotated[list[str] | None, typer.Option(help="SQLite, PostgreSQL; by default both")] = None,
    seconds: Annotated[float, typer.Option(help="of each search")] = 1.0,
    folder: Folder = Path("build/bench"),
) -> None:
    """Let an archive grow, and measure it at every power of ten; go on where it was left."""
    databases = database or [archive.SQLITE, archive.POSTGRESQL]
    results = archive.run(folder, databases, instances, seconds, _console.print)
    (folder / "archive.svg").write_text(archive.picture(results))
    print(f"{report.machine()}\n\n{archive.table(results, 'p99')}\n\n{archive.table(results, 'cpu')}")


@app.command(name="soak")
def soak_command(
    url: Url = None,
    pid: Pids = None,
    minutes: Annotated[float, typer.Option(help="of load")] = 10,
    folder: Folder = Path("build/bench"),
) -> None:
    """Mixed load for minutes: what grows although nothing should?"""
    content = corpus(quick=True)
    with ExitStack() as stack:
        place = stack.enter_context(fresh_folder())
        server = Server(OURS, url, tuple(pid or ())) if url else stack.enter_context(ours(place))
        _fill(server, content)
        figures, looks = soak.soak(server, content, minutes)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "soak.svg").write_text(soak.picture(looks))
    print(f"{report.machine()}\n\n{figures.requests:,.0f} requests, {figures.errors:.0f} errors\n")
    print(soak.table(looks))


def _fill(server: Server, content: Corpus) -> None:
    """Store the corpus in a server."""
    _console.print(f"storing the corpus in {server.name}, {server.url}")
    requests = (store(batch).on_wire(server.url) for batch in batches(content.files()))
    try:
        outcome = drive(server.address, requests, clients=2, seconds=float("inf"))
    except OSError as error:
        _stop(f"{server.url} cannot be reached: {error.strerror}")
    if refused := {status for status in outcome.statuses if status not in _STORED}:
        _stop(f"{server.url} does not store the corpus: status {sorted(refused)}")


def _stop(reason: str) -> NoReturn:
    _console.print(reason)
    raise typer.Exit(1)


def _measured(match: contest.Contest, chosen: list[Scenario]) -> list[contest.Line]:
    """Run the scenarios, and show each when it is done."""
    lines: list[contest.Line] = []
    for scenario in chosen:
        for line in match.run(scenario):
            lines.append(line)
            _console.print(f"{line.scenario}, {line.clients} clients: {_rates(line)} requests/s")
    return lines


def _rates(line: contest.Line) -> str:
    pairs = ((name, line.figures(name)) for name in line.rounds)
    return ", ".join(f"{name} {report.number(figures.rate)}" for name, figures in pairs if figures)


if __name__ == "__main__":
    app()
