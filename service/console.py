"""What the command line shows of long work: a bar while it runs, a summary when it is done."""

from collections import Counter
from collections.abc import Iterable

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

from service.archive.upkeep import Done

_EXAMPLES = 3
_console = Console(stderr=True)


def watch(title: str, work: Iterable[Done], total: int | None) -> bool:
    """Show work while it is done, then what came of it.

    Returns:
        Whether every file was fine.
    """
    results: Counter[str] = Counter()
    problems: dict[str, list[str]] = {}
    size = 0
    with _progress() as progress:
        task = progress.add_task(title, total=total, rate="")
        for outcome in work:
            results[outcome.result] += 1
            size += outcome.size
            if outcome.problem:
                problems.setdefault(outcome.problem, []).append(str(outcome.file))
            elapsed = progress.tasks[0].elapsed or 1e-9
            progress.update(task, advance=1, rate=f"{size / elapsed / 1e6:.0f} MB/s")
        progress.update(task, total=progress.tasks[0].completed)
    _console.print(_summary(results, size))
    if problems:
        _console.print(_reasons(problems))
    return not problems


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
