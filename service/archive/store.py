"""Storing instances: the one action that touches parsing, files and the index.

Blob first and durable, row after, answer last. Instances stand alone: one that is refused does not
disturb the others. They are stored a batch at a time, so that one transaction acknowledges many.
"""

import logging
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from service.archive.files.blobs import LocalBlobs, sync
from service.archive.files.notes import written
from service.archive.files.spool import FileInPlace, Spool
from service.archive.index import changes
from service.archive.index.changes import Enter, Entered, FileVanished
from service.archive.index.database import Database
from service.archive.index.entry import IndexEntry, entry_of
from service.archive.index.labels import NOBODY, Owner
from service.archive.leftovers import Leftovers, remove_doomed_files
from service.archive.parsing import parse
from service.dicom.instance import (
    CANNOT_UNDERSTAND,
    DUPLICATE,
    NOT_AUTHORIZED,
    OTHER_STUDY,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
    Uids,
    reason_of,
)
from service.errors import Refusal, Unavailable
from service.troubles import trouble

_ENTER_ATTEMPTS = 5
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Stored:
    """An instance that is in the archive now.

    Attributes:
        uids: its identity.
        sop_class_uid: (0008,0016).
        entered: whether it is new, was here already, or took another's place.
        warning: what was tolerated; empty if nothing.
    """

    uids: Uids
    sop_class_uid: str
    entered: Entered
    warning: str


Outcome = Stored | Refusal


class Store:
    """Stores batches of instances; blocking, for worker threads.

    Args:
        index: the database.
        blobs: the files.
        leftovers: how files go that have no rows.
        replace: whether another file with the same UIDs takes the place of the one that is here.
    """

    def __init__(self, index: Database, blobs: LocalBlobs, leftovers: Leftovers, *, replace: bool) -> None:
        self._index = index
        self._blobs = blobs
        self._leftovers = leftovers
        self._replace = replace

    def batch(
        self, spools: Sequence[Spool], study: str | None = None, owner: Owner = NOBODY
    ) -> list[Outcome]:
        """Store the files in these spools, and discard the spools.

        Args:
            spools: one whole file each.
            study: the only study to take instances of, as the URL names it; None takes any.
            owner: on whose behalf they are stored.

        Returns:
            What became of each, in their order. Those `Stored` are on disk and in the index.
        """
        try:
            entries = [self._prepared(spool, study) for spool in spools]
            files = {
                entry: spool
                for entry, spool in zip(entries, spools, strict=True)
                if isinstance(entry, IndexEntry)
            }
            outcomes = self._enter(files, owner) if files else {}
            if any(map(_leaves_a_file, outcomes.values())):
                with suppress(Unavailable):  # what is stored is stored; the next start removes the rest
                    remove_doomed_files(self._index, self._blobs)
            return _in_order(entries, outcomes)
        finally:
            for spool in spools:
                spool.discard()

    def adopt(self, keys: Sequence[str]) -> list[Outcome]:
        """Enter files that lie in the tree already. Nothing but the index is written."""
        entries = [self._adopted(key) for key in keys]
        own = [entry for entry in entries if isinstance(entry, IndexEntry)]
        outcomes = self._write(changes.adopt, own, NOBODY)
        return _in_order(entries, outcomes)

    def _adopted(self, key: str) -> IndexEntry | Refusal:
        """Parse a file of the tree; its name has to be the one that its content asks for."""
        path = self._blobs.path(key)
        if not path.is_file():
            return Refusal("it is no file, or a link to none", CANNOT_UNDERSTAND)
        entry = self._prepared(FileInPlace(path), None)
        if isinstance(entry, Refusal) or entry.blob == key:
            return entry
        return Refusal("the file's name does not agree with its content", CANNOT_UNDERSTAND)

    def _prepared(self, spool: Spool | FileInPlace, study: str | None) -> IndexEntry | Refusal:
        """Parse one file; a refusal is a value here, not the end."""
        try:
            parsed = parse(spool, self._blobs)
            if study is not None and parsed.uids.study != study:
                message = "the instance belongs to another study than the URL names"
                return Refusal(message, OTHER_STUDY, parsed.sop_class_uid, parsed.uids.instance)
            return entry_of(parsed, spool.size, spool.digest)
        except Refusal as refusal:
            return refusal.without_frames()
        except Unavailable as error:
            return Refusal(error.message, reason_of(error))
        except OSError as error:
            _log.error("an instance could not be read: %s", error.strerror)
            return Refusal(trouble("the instance cannot be read", error).message, OUT_OF_RESOURCES)
        except Exception as error:
            _log.error("an instance could not be read: %s", type(error).__name__)
            return Refusal("the instance could not be processed", PROCESSING_FAILURE)

    def _enter(self, files: Mapping[IndexEntry, Spool], owner: Owner) -> dict[IndexEntry, Outcome]:
        """Bring the files into the tree and then the entries into the index; none stays that has no row."""
        new = [entry.blob for entry in files if not self._blobs.exists(entry.blob)]
        try:
            note = written(self._blobs.incoming, new) if new else None
        except Unavailable as error:
            return {entry: _refusal(entry, error.message, OUT_OF_RESOURCES) for entry in files}
        outcomes: dict[IndexEntry, Outcome] = {}
        try:
            outcomes = self._attempted(files, owner)
        finally:
            if note:
                is_done = bool(outcomes) and not any(map(_leaves_a_stray, outcomes.values()))
                self._leftovers.finish(note, all_have_rows=is_done)
        return outcomes

    def _attempted(self, files: Mapping[IndexEntry, Spool], owner: Owner) -> dict[IndexEntry, Outcome]:
        for _ in range(_ENTER_ATTEMPTS):
            entries, refusals = self._keep(files)
            try:
                return refusals | self._write(changes.enter, entries, owner)
            except FileVanished:
                continue  # deleted by someone else between `_keep` and here: bring it again
        message = "the instance is being deleted at the same time"
        return {entry: _refusal(entry, message, OUT_OF_RESOURCES) for entry in files}

    def _keep(self, files: Mapping[IndexEntry, Spool]) -> tuple[list[IndexEntry], dict[IndexEntry, Outcome]]:
        """Put the files into the tree; what the disk has no room for is refused.

        All are written before the first is synced: one sync then brings most of them to the disk.
        """
        entries: list[IndexEntry] = []
        refusals: dict[IndexEntry, Outcome] = {}
        folders: set[Path] = set()
        for entry, spool in files.items():
            try:
                self._blobs.write(spool, entry.blob)
            except Unavailable as error:
                refusals[entry] = _refusal(entry, error.message, reason_of(error))
        for entry in [entry for entry in files if entry not in refusals]:
            try:
                folders |= self._blobs.keep(files[entry], entry.blob)
                entries.append(entry)
            except Unavailable as error:
                refusals[entry] = _refusal(entry, error.message, reason_of(error))
        try:
            sync(folders)
        except Unavailable as error:  # and nobody knows of which files
            refusals |= {entry: _refusal(entry, error.message, OUT_OF_RESOURCES) for entry in entries}
            entries = []
        return entries, refusals

    def _write(self, enter: Enter, entries: Sequence[IndexEntry], owner: Owner) -> dict[IndexEntry, Outcome]:
        """Write the entries' rows: together, or one by one if the database does not take them so.

        Raises:
            FileVanished: a file is not in the tree any more.
        """
        try:
            return self._write_together(enter, entries, owner)
        except FileVanished:
            raise
        except Exception:
            return self._write_one_by_one(enter, entries, owner)

    def _write_together(
        self, enter: Enter, entries: Sequence[IndexEntry], owner: Owner
    ) -> dict[IndexEntry, Outcome]:
        """Write the entries' rows in one transaction."""
        try:
            results = self._index.write_now(
                enter, entries, self._blobs.exists, replace=self._replace, owner=owner
            )
        except Unavailable as error:
            return {entry: _refusal(entry, error.message, OUT_OF_RESOURCES) for entry in entries}
        if owner.witness is not None:
            owner.witness.committed()
        return {entry: _outcome(entry, result) for entry, result in zip(entries, results, strict=True)}

    def _write_one_by_one(
        self, enter: Enter, entries: Sequence[IndexEntry], owner: Owner
    ) -> dict[IndexEntry, Outcome]:
        """Write each entry's rows in a transaction of its own: one instance never spoils the others."""
        return {entry: self._write_alone(enter, entry, owner) for entry in entries}

    def _write_alone(self, enter: Enter, entry: IndexEntry, owner: Owner) -> Outcome:
        try:
            return self._write_together(enter, [entry], owner)[entry]
        except FileVanished:
            raise
        except Exception as error:
            _log.error("an instance could not be entered: %s", type(error).__name__)
            return _refusal(entry, "the instance cannot be indexed", PROCESSING_FAILURE)


def _in_order(
    entries: Sequence[IndexEntry | Refusal], outcomes: Mapping[IndexEntry, Outcome]
) -> list[Outcome]:
    """Return what became of each entry; a refusal stays one."""
    return [outcomes[entry] if isinstance(entry, IndexEntry) else entry for entry in entries]


def _outcome(entry: IndexEntry, entered: Entered) -> Outcome:
    if entered is Entered.REFUSED:
        message = "an instance with these UIDs and other content is stored already, and stays"
        return _refusal(entry, message, DUPLICATE)
    if entered is Entered.DENIED:
        return _refusal(entry, "not authorized to store this instance", NOT_AUTHORIZED)
    parsed = entry.parsed
    return Stored(parsed.uids, parsed.sop_class_uid, entered, parsed.warning)


def _leaves_a_file(outcome: Outcome) -> bool:
    """Tell whether a file without a row is left in the tree: the replaced one, or the duplicate's."""
    if isinstance(outcome, Stored):
        return outcome.entered is Entered.REPLACED
    return outcome.reason == DUPLICATE


def _leaves_a_stray(outcome: Outcome) -> bool:
    """Tell whether a file may be in the tree that has no row and is not doomed."""
    return isinstance(outcome, Refusal) and outcome.reason != DUPLICATE


def _refusal(entry: IndexEntry, message: str, reason: int) -> Refusal:
    return Refusal(message, reason, entry.parsed.sop_class_uid, entry.parsed.uids.instance)
