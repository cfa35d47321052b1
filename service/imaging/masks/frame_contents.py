"""The bytes of many frames of an instance, read together."""

from collections.abc import Iterator, Mapping, Sequence

from service.archive.files.blobs import Blobs
from service.archive.files.reading.opened import opened
from service.archive.files.reading.runs import read_now, read_run_now
from service.archive.instance import Located
from service.dicom.frames import Span
from service.transfer_syntaxes import DEFLATED

_INFLATED_BYTES = 2**26


def frame_contents(blobs: Blobs, located: Located, numbers: Sequence[int]) -> dict[int, bytes]:
    """Return frames of an instance that are not compressed, each for itself. Blocking: for threads.

    Args:
        blobs: where its file is.
        located: the instance.
        numbers: of frames, counted from 1.

    Raises:
        InstanceGone, DamagedFile: the file cannot be read.
    """
    table = located.frames_with(numbers)
    if not numbers:
        return {}
    spans = {number: table.span(number) for number in numbers}
    if located.instance.transfer_syntax == DEFLATED:
        contents = _inflated(blobs, located, spans)
    else:
        with opened(blobs, located.instance) as file:
            contents = {number: read_now(file, *span) for number, span in spans.items()}
    return {number: table.frame(number, content) for number, content in contents.items()}


def _inflated(blobs: Blobs, located: Located, spans: Mapping[int, Span]) -> dict[int, bytes]:
    """Return runs of a deflated data set, which is inflated once for all that lie near each other."""
    contents: dict[int, bytes] = {}
    for run in _runs(spans):
        start = min(span.offset for span in run.values())
        length = max(span.offset + span.length for span in run.values()) - start
        content = read_run_now(blobs, located.instance, Span(start, length))
        contents |= {
            number: content[offset - start : offset - start + size] for number, (offset, size) in run.items()
        }
    return contents


def _runs(spans: Mapping[int, Span]) -> Iterator[dict[int, Span]]:
    """Yield spans that are within some megabytes together, in the order of their places."""
    run: dict[int, Span] = {}
    start = 0
    for number, span in sorted(spans.items(), key=lambda pair: pair[1].offset):
        if run and span.offset + span.length - start > _INFLATED_BYTES:
            yield run
            run = {}
        start = start if run else span.offset
        run[number] = span
    if run:
        yield run
