"""Storing instances: the one action that touches parsing, files and the index.

Blob first and durable, row after, answer last. Instances stand alone: one that is refused does not
disturb the others. They are stored a batch at a time, so that one transaction acknowledges many.
"""

import logging
from collections.abc import Callable, Sequence
from contextlib import suppress
from itertools import zip_longest

from service.archive.consistency.leftovers import Leftovers
from service.archive.digests import earlier_digest_of
from service.archive.files.blobs import Blobs
from service.archive.files.spool import Arrived, Spool
from service.archive.index.engine.database import Database
from service.archive.index.owners.labels import NOBODY, Owner
from service.archive.index.writes import changes
from service.archive.index.writes.changes import Batch
from service.archive.index.writes.entering import Entered
from service.archive.index.writes.entry import IndexEntry, entry_of
from service.archive.index.writes.presence import FileVanished
from service.archive.instance import Named, version_of
from service.archive.stores.arrivals import Arrival, keep, placed, refusal_of
from service.archive.stores.outcomes import (
    Outcome,
    in_order,
    leaves_a_file,
    leaves_a_stray,
    outcome_of,
    unread,
)
from service.archive.stores.parsing import parse
from service.dicom.instance import (
    CANNOT_UNDERSTAND,
    DOES_NOT_MATCH_SOP_CLASS,
    OTHER_STUDY,
    OUT_OF_RESOURCES,
    PROCESSING_FAILURE,
)
from service.errors import Refusal, Unavailable

_ENTER_ATTEMPTS = 10
_log = logging.getLogger(__name__)


_Write = Callable[[Sequence[IndexEntry], Owner], list[Entered]]


class Store:
    """Stores batches of instances; blocking, for worker threads.

    Args:
        index: the database.
        blobs: the files.
        leftovers: how files go that have no rows.
        replace: whether another file with the same UIDs takes the place of the one that is here.
    """

    def __init__(self, index: Database, blobs: Blobs, leftovers: Leftovers, *, replace: bool) -> None:
        self._index = index
        self._blobs = blobs
        self._leftovers = leftovers
        self._replace = replace

    def batch(
        self,
        spools: Sequence[Spool],
        study: str | None = None,
        owner: Owner = NOBODY,
        names: Sequence[Named] = (),
    ) -> list[Outcome]:
        """Store the files in these spools, and discard the spools.

        Args:
            spools: one whole file each.
            study: the only study to take instances of, as the URL names it; None takes any.
            owner: on whose behalf they are stored.
            names: what each has to be, where that was said beside it.

        Returns:
            What became of each, in their order. Those `Stored` are on disk and in the index.
        """
        try:
            entries = [self._expected(*pair, study) for pair in zip_longest(spools, names)]
            arrivals = [
                Arrival(entry, spool)
                for entry, spool in zip(entries, spools, strict=True)
                if isinstance(entry, IndexEntry)
            ]
            return in_order(entries, self._enter(arrivals, owner) if arrivals else [])
        finally:
            for spool in spools:
                spool.discard()

    def adopt(self, keys: Sequence[str]) -> list[Outcome]:
        """Enter files that lie in the tree already. Nothing but the index is written."""
        entries = list(self._blobs.each(self._adopted, keys))
        own = [entry for entry in entries if isinstance(entry, IndexEntry)]
        return in_order(entries, self._write(self._taken_over, own, NOBODY))

    def _adopted(self, key: str) -> IndexEntry | Refusal:
        """Parse a file of the tree; its name has to be the one that its content asks for."""
        try:
            with self._blobs.arrived(key) as file:
                entry = self._prepared(file, version_of(key))
                if isinstance(entry, IndexEntry) and entry.blob != key:  # it may be an earlier version's
                    with file.buffer() as buffer:
                        entry = entry.with_digest(earlier_digest_of(buffer))
        except (Unavailable, OSError) as error:
            return unread(error)
        if isinstance(entry, Refusal) or entry.blob == key:
            return entry
        return Refusal("the file's name does not agree with its content", CANNOT_UNDERSTAND)

    def _expected(self, spool: Arrived, name: Named | None, study: str | None) -> IndexEntry | Refusal:
        """Parse one file, which has to be what was said of it."""
        entry = self._prepared(spool)
        if isinstance(entry, Refusal):
            return entry
        parsed = entry.parsed
        if study is not None and parsed.uids.study != study:
            return refusal_of(entry, "the instance belongs to another study than the URL names", OTHER_STUDY)
        if name is not None and name != Named(parsed.sop_class_uid, parsed.uids.instance):
            is_class = name.sop_instance_uid == parsed.uids.instance
            message = (
                f"the data set has another SOP {'Class' if is_class else 'Instance'} UID than the command"
            )
            return refusal_of(entry, message, DOES_NOT_MATCH_SOP_CLASS)
        return entry

    def _prepared(self, spool: Arrived, version: str | None = None) -> IndexEntry | Refusal:
        """Parse one file; a refusal is a value here, not the end."""
        try:
            parsed = parse(spool, self._blobs)
            return entry_of(parsed, spool.size, spool.digest, version)
        except Refusal as refusal:
            return refusal.without_frames()
        except (Unavailable, OSError) as error:
            return unread(error)
        except Exception as error:
            _log.error("an instance could not be read: %s", type(error).__name__)
            return Refusal("the instance could not be processed", PROCESSING_FAILURE)

    def _enter(self, arrivals: Sequence[Arrival], owner: Owner) -> list[Outcome]:
        """Bring the files into the tree and then the entries into the index; none stays that has no row."""
        for attempt in range(_ENTER_ATTEMPTS):
            try:
                with_places = placed(self._index, self._blobs, arrivals, trusting=attempt == 0)
            except Unavailable as error:
                return [refusal_of(entry, error.message, OUT_OF_RESOURCES) for entry, _ in arrivals]
            with suppress(FileVanished):  # deleted or taken for left over by somebody else: bring it again
                return self._attempted(with_places, owner)
        message = "the instance is being deleted at the same time"
        return [refusal_of(entry, message, OUT_OF_RESOURCES) for entry, _ in arrivals]

    def _attempted(self, arrivals: Sequence[Arrival], owner: Owner) -> list[Outcome]:
        """Bring files and entries in.

        Raises:
            FileVanished: a file is not there any more; nothing has been entered.
        """
        new = [entry.blob for entry, _ in arrivals if entry.brings_its_file]
        try:
            note = self._leftovers.notes.write(new) if new else None
        except Unavailable as error:
            return [refusal_of(entry, error.message, OUT_OF_RESOURCES) for entry, _ in arrivals]
        outcomes: list[Outcome] = []
        try:
            refusals = keep(self._blobs, [arrival for arrival in arrivals if arrival.entry.brings_its_file])
            entries = [entry for entry, _ in arrivals if entry not in refusals]
            results = dict(zip(entries, self._write(self._entered, entries, owner), strict=True))
            outcomes = [refusals.get(entry) or results[entry] for entry, _ in arrivals]
        finally:
            if note:
                is_done = bool(outcomes) and not any(map(leaves_a_stray, outcomes))
                self._leftovers.finish(note, all_have_rows=is_done)
        if any(map(leaves_a_file, arrivals, outcomes)):
            with suppress(Unavailable):  # what is stored is stored; the next start removes the rest
                self._leftovers.bury()
        return outcomes

    def _write(self, write: _Write, entries: Sequence[IndexEntry], owner: Owner) -> list[Outcome]:
        """Write the entries' rows: together, or one by one if the database does not take them so.

        Raises:
            FileVanished: a file is not there any more.
        """
        if not entries:
            return []
        try:
            return self._write_together(write, entries, owner)
        except FileVanished:
            raise
        except Exception:  # one instance never spoils the others
            return [self._write_alone(write, entry, owner) for entry in entries]

    def _write_together(self, write: _Write, entries: Sequence[IndexEntry], owner: Owner) -> list[Outcome]:
        """Write the entries' rows in one transaction."""
        try:
            results = write(entries, owner)
        except Unavailable as error:
            return [refusal_of(entry, error.message, OUT_OF_RESOURCES) for entry in entries]
        if owner.witness is not None:
            owner.witness.committed()
        return list(map(outcome_of, entries, results))

    def _write_alone(self, write: _Write, entry: IndexEntry, owner: Owner) -> Outcome:
        """Write an entry's rows in a transaction of its own."""
        try:
            return self._write_together(write, [entry], owner)[0]
        except FileVanished:
            raise
        except Exception as error:
            _log.error("an instance could not be entered: %s", type(error).__name__)
            return refusal_of(entry, "the instance cannot be indexed", PROCESSING_FAILURE)

    def _entered(self, entries: Sequence[IndexEntry], owner: Owner) -> list[Entered]:
        """Enter instances, together with those of other stores that wait."""
        batch = Batch(entries, self._replace, owner)
        return self._index.write_together_now(changes.enter_together, batch)

    def _taken_over(self, entries: Sequence[IndexEntry], owner: Owner) -> list[Entered]:
        """Enter files of the tree, of which none goes."""
        return self._index.write_now(changes.adopt, entries, replace=self._replace, owner=owner)
