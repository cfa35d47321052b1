"""Many stored files, one after the other, each behind a head of its own.

Small ones are opened together and go out together: what each of them costs by itself, on its way through
all that an answer passes, would be more than what its bytes cost.
"""

from collections.abc import AsyncIterator, Iterable
from itertools import groupby

from service.archive.batches import batches
from service.archive.files.blobs import Blobs, OpenFile
from service.archive.files.file_run import RUN_BYTES, Chunk, ChunkGroup
from service.archive.files.reading.opened import opened_together
from service.archive.files.reading.runs import stream
from service.archive.instance import Instance
from service.dicom.frames import Span

_FILES = 16  # that are open at a time
_BYTES = 2 * 2**20

_Headed = tuple[bytes, Instance]


async def files_together(blobs: Blobs, files: Iterable[_Headed]) -> AsyncIterator[Chunk | ChunkGroup]:
    """Yield files that lie in a local folder, each behind the bytes that go before it.

    Nothing is yielded of a file before it is open.

    Raises:
        InstanceGone: one was deleted or replaced meanwhile.
        DamagedFile: one is not as long as what was stored.
    """
    for is_small, some in groupby(files, _is_small):
        if is_small:
            for group in batches(some, _size, _FILES, _BYTES):
                with opened_together(blobs, [instance for _, instance in group]) as opened:
                    yield _group(group, opened)
        else:
            for head, instance in some:
                before = head
                async for chunk in stream(blobs, instance, [Span(0, instance.size)]):
                    yield ChunkGroup((before, chunk), len(before) + len(chunk)) if before else chunk
                    before = b""


def _group(files: Iterable[_Headed], opened: Iterable[OpenFile]) -> ChunkGroup:
    chunks: list[Chunk] = []
    length = 0
    for (head, instance), file in zip(files, opened, strict=True):
        run = file.at_hand(0, instance.size)
        assert run is not None, "a file of a local folder is at hand"
        chunks += (head, run)
        length += len(head) + instance.size
    return ChunkGroup(chunks, length)


def _size(file: _Headed) -> int:
    return file[1].size


def _is_small(file: _Headed) -> bool:
    return file[1].size <= RUN_BYTES
