"""How a folder is stored, for `import` and for `serve --import`."""

from itertools import chain
from pathlib import Path

from service.archive import Archive
from service.archive.index.owners.labels import Owner
from service.archive.tasks.upkeep import import_files, look_through
from service.commands import console
from service.commands.opened import lent_ledger
from service.commands.report import Report
from service.settings import Settings


def import_folder(settings: Settings, archive: Archive, folder: Path, refusals: Report | None = None) -> int:
    """Store what is below a folder, and return the exit code."""
    files, clutter = look_through(folder)
    if refusals:
        report = refusals.path.absolute()
        files = [file for file in files if file.absolute() != report]
    with console.stopping() as stop, lent_ledger(settings, archive.index) as ledger:
        work = import_files(archive, files, stop, Owner(witness=ledger))
        outcomes = chain(clutter, refusals.of(work) if refusals else work)
        return console.watch("import", outcomes, len(clutter) + len(files), stop)
