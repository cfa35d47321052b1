"""Storing instances: the one action that touches parsing, files and the index.

Blob first and durable, row after, answer last. Instances stand alone: one that is refused does not
disturb the others. They are stored a batch at a time, so that one transaction acknowledges many.
"""

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from service.archive import entries
from service.archive.blobs import FileInPlace, LocalBlobs, Spool, sync
from service.archive.database import Database
from service.archive.entries import Entered, Entry, FileVanished, entry_of
from service.archive.inflated import inflate
from service.dicom.elements import Buffer, Malformed
from service.dicom.instance import (
    CANNOT_UNDERSTAND,
    DUPLICATE,
    OTHER_STUDY,
    OUT_OF_RESOURCES,
    ParsedInstance,
    Uids,
    read_instance,
)
from service.dicom.part10 import DEFLATED, FileMeta, read_file_meta
from service.errors import Refusal, Unavailable
from service.pixels.description import ATTRIBUTES

_ATTEMPTS = 5
_IMAGE_TAGS = frozenset(int(tag, 16) for tag in ATTRIBUTES)
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
        replace: whether another file with the same UIDs takes the place of the one that is here.
    """

    def __init__(self, index: Database, blobs: LocalBlobs, *, replace: bool) -> None:
        self._index = index
        self._blobs = blobs
        self._replace = replace

    def batch(self, spools: Sequence[Spool], study: str | None = None) -> list[Outcome]:
        """Store the files in these spools, and discard the spools.

        Args:
            spools: one whole file each.
            study: the only study to take instances of, as the URL names it; None takes any.

        Returns:
            What became of each, in their order. Those `Stored` are on disk and in the index.
        """
        try:
            prepared = [self._prepared(spool, study) for spool in spools]
            waiting = {
                one: spool for one, spool in zip(prepared, spools, strict=True) if isinstance(one, Entry)
            }
            entered = self._enter(waiting) if waiting else {}
            return [_outcome(one, entered) if isinstance(one, Entry) else one for one in prepared]
        finally:
            for spool in spools:
                spool.discard()

    def adopt(self, keys: Sequence[str]) -> list[Outcome]:
        """Enter files that lie in the tree already. Nothing but the index is written."""
        spools = [FileInPlace(self._blobs.path(key)) for key in keys]
        prepared = [self._prepared(spool, None) for spool in spools]
        found = [_in_its_place(one, key) for one, key in zip(prepared, keys, strict=True)]
        waiting = [one for one in found if isinstance(one, Entry)]
        outcomes = self._index.write_now(entries.enter, waiting, self._blobs.exists, replace=self._replace)
        entered: dict[Entry, Entered | Unavailable] = dict(zip(waiting, outcomes, strict=True))
        return [_outcome(one, entered) if isinstance(one, Entry) else one for one in found]

    def _prepared(self, spool: Spool | FileInPlace, study: str | None) -> Entry | Refusal:
        """Parse one file; a refusal is a value here, not the end."""
        try:
            parsed = self._parse(spool)
            if study is not None and parsed.uids.study != study:
                found = parsed.sop_class_uid, parsed.uids.instance
                raise Refusal("the instance belongs to another study than the URL names", OTHER_STUDY, *found)
            return entry_of(parsed, spool.size, spool.digest)
        except Refusal as refusal:
            return refusal
        except Unavailable as error:
            return Refusal(error.message, OUT_OF_RESOURCES)

    def _parse(self, spool: Spool | FileInPlace) -> ParsedInstance:
        with spool.buffer() as buffer:
            try:
                meta = read_file_meta(buffer)
            except Malformed as error:
                raise Refusal(str(error), CANNOT_UNDERSTAND) from error
            with self._data_set(buffer, meta) as (data_set, offset):
                return read_instance(data_set, offset, meta, _IMAGE_TAGS, "\x1a")

    @contextmanager
    def _data_set(self, buffer: Buffer, meta: FileMeta) -> Iterator[tuple[Buffer, int]]:
        """Lend the buffer that holds the data set, and where it begins there."""
        if meta.transfer_syntax != DEFLATED:
            yield buffer, meta.dataset_offset
            return
        inflated = self._blobs.spool()
        try:
            inflate(buffer, meta.dataset_offset, inflated)
            with inflated.buffer() as data_set:
                yield data_set, 0
        finally:
            inflated.discard()

    def _enter(self, waiting: dict[Entry, Spool]) -> dict[Entry, Entered | Unavailable]:
        """Bring the files into the tree and then the entries into the index."""
        for _ in range(_ATTEMPTS):
            kept, failed = self._keep(waiting)
            try:
                outcomes = self._index.write_now(
                    entries.enter, kept, self._blobs.exists, replace=self._replace
                )
            except FileVanished:
                continue  # deleted by someone else between `_keep` and here: bring it again
            except Unavailable as error:
                return failed | dict.fromkeys(kept, error)
            if {Entered.REPLACED, Entered.REFUSED} & set(outcomes):
                bury(self._index, self._blobs)
            return failed | dict(zip(kept, outcomes, strict=True))
        return dict.fromkeys(waiting, Unavailable("the instance is being deleted at the same time"))

    def _keep(self, waiting: dict[Entry, Spool]) -> tuple[list[Entry], dict[Entry, Entered | Unavailable]]:
        kept: list[Entry] = []
        failed: dict[Entry, Entered | Unavailable] = {}
        folders: set[Path] = set()
        for entry, spool in waiting.items():
            try:
                folders |= self._blobs.keep(spool, entry.blob)
                kept.append(entry)
            except Unavailable as error:
                failed[entry] = error
        sync(folders)
        return kept, failed


def _in_its_place(found: Entry | Refusal, key: str) -> Entry | Refusal:
    """Refuse a file whose name is not the one its content asks for: it is damaged, or not ours."""
    if isinstance(found, Refusal) or found.blob == key:
        return found
    return Refusal("the file's name does not agree with its content", CANNOT_UNDERSTAND)


def bury(index: Database, blobs: LocalBlobs) -> None:
    """Remove the files whose rows are gone."""
    doomed = index.read_now(entries.doomed_blobs)
    if doomed:
        index.write_now(entries.bury, doomed, blobs.delete)


def _outcome(entry: Entry, entered: dict[Entry, Entered | Unavailable]) -> Outcome:
    result, parsed = entered[entry], entry.parsed
    if isinstance(result, Unavailable):
        return Refusal(result.message, OUT_OF_RESOURCES, parsed.sop_class_uid, parsed.uids.instance)
    if result is Entered.REFUSED:
        message = "an instance with these UIDs and other content is stored already, and stays"
        return Refusal(message, DUPLICATE, parsed.sop_class_uid, parsed.uids.instance)
    return Stored(parsed.uids, parsed.sop_class_uid, result, parsed.warning)
