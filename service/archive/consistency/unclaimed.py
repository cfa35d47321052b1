"""Which of the stored files no row of the index claims."""

from collections.abc import Iterable, Iterator
from itertools import islice

from service.archive.files.blobs import StoredFile
from service.archive.index.engine.database import Database
from service.archive.index.lookups.named import with_uids
from service.archive.instance import uids_of

_TOGETHER = 500


def unclaimed(index: Database, files: Iterable[StoredFile]) -> Iterator[StoredFile]:
    """Yield the files that no row claims. One whose key is none of ours is nobody's business.

    Raises:
        Unavailable: the index is away.
    """
    rest = ((file, uids) for file in files if (uids := uids_of(file.key)))
    while some := list(islice(rest, _TOGETHER)):
        here = index.read_now(with_uids, {uids for _, uids in some})
        for file, uids in some:
            match = here.get(uids)
            if match is None or match.blob != file.key:
                yield file
