"""Files and the frames that their tables tell."""

from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.walk import walk
from service.dicom.frame_scan import frame_table
from service.dicom.frames import FrameTable
from service.dicom.json.writer import JsonModel
from tests.builders import code_stream

STREAMS = [code_stream(b"one"), code_stream(b"second"), code_stream(b"third frame")]
HALVES = [[stream[:6], stream[6:]] for stream in STREAMS]


def table_of(file: bytes) -> FrameTable | None:
    meta = read_file_meta(file)
    elements = walk(file, meta.dataset_offset, meta.encoding)
    attributes = JsonModel(file).convert(elements, meta.encoding)
    return frame_table(file, elements, meta.encoding, meta.transfer_syntax, attributes)


def frames_of(file: bytes) -> list[bytes]:
    table = table_of(file)
    assert table is not None
    spans = [(number, table.span(number)) for number in range(1, table.number_of_frames + 1)]
    return [table.frame(number, file[span.offset : span.offset + span.length]) for number, span in spans]
