"""What the command line shows of long work: a bar while it runs, a summary when it is done or stopped."""

import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from threading import Event
from types import FrameType

from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table

from service.archive.tasks.upkeep import Done

_EXAMPLES = 3
_console = Console(stderr=True)


FINE, PROBLEMS, STOPPED = 0, 1, 130
"""Exit codes: all was well, something was not, Ctrl-C came first."""


def watch(title: str, work: Iterable[Done], total: int, stop: Event | None = None) -> int:
    """Show work while it is done, then what came of it.

    Args:
        title: of the work.
        work: what became of one file after the other.
        total: how many there are.
        stop: after which there will be no more of them.

    Returns:
        The exit code.
    """
    results: Counter[str] = Counter()
    problems: dict[str, list[str]] = {}
    size, is_ended = 0, False
    with _progress() as progress:
        task = progress.add_task(title, total=total, rate="")
        try:
            for outcome in work:
                results[outcome.result] += 1
                size += outcome.size
                if outcome.problem:
                    problems.setdefault(outcome.problem, []).append(str(outcome.file))
                elapsed = progress.tasks[0].elapsed or 1e-9
                progress.update(task, advance=1, rate=f"{size / elapsed / 1e6:.0f} MB/s")
        except KeyboardInterrupt:
            is_ended = True
        is_ended |= stop is not None and stop.is_set() and results.total() < total
        progress.update(task, total=total if is_ended else progress.tasks[0].completed)
    _console.print(_summary(results, size))
    if problems:
        _console.print(_reasons(problems))
    if is_ended:
        _console.print(f"Stopped after {results.total()} of {total} files: run it again to go on.")
        return STOPPED
    return PROBLEMS if problems else FINE


@contextmanager
def stopping() -> Iterator[Event]:
    """Lend what the first Ctrl-C sets, for work that then stops where it is whole; a second one ends it."""
    stop = Event()

    def tell(_number: int, _frame: FrameType | None) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _console.print("Stopping after the files at hand.")

    before = signal.signal(signal.SIGINT, tell)
    try:
        yield stop
    finally:
        signal.signal(signal.SIGINT, before)


def _progress() -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
        console=_console,
    )


def _summary(results: "Counter[str]", size: int) -> str:
    counts = (
        ", ".join(f"[bold]{count}[/bold] {result}" for result, count in results.most_common()) or "no files"
    )
    return f"{counts} ({size / 1e6:.1f} MB)"


def _reasons(problems: dict[str, list[str]]) -> Table:
    table = Table("files", "reason", "for example", title="Not in order", title_justify="left")
    for reason, files in sorted(problems.items(), key=lambda problem: -len(problem[1])):
        table.add_row(str(len(files)), escape(reason), escape("\n".join(files[:_EXAMPLES])))
    return table
