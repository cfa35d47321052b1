"""Files and single elements as DICOM JSON, with the bulk data that was left out."""

import orjson
from pydicom import Dataset

from service.dicom.encoding.elements import EXPLICIT_LITTLE
from service.dicom.encoding.part10 import read_file_meta
from service.dicom.encoding.walk import walk
from service.dicom.encoding.words import swapped
from service.dicom.json.writer import JsonModel
from service.dicom_json import DicomJson
from service.json_text import dumped
from tests.builders import EXPLICIT, part10

SEQUENCE_END = b"\xfe\xff\xdd\xe0" + bytes(4)
NAME = b"\x10\0\x10\0PN\4\0A^B "


def model_of(file: bytes) -> JsonModel:
    return JsonModel(file, "URL/")


def converted(model: JsonModel) -> DicomJson:
    meta = read_file_meta(model.buffer)
    attributes = model.convert(walk(model.buffer, meta.dataset_offset, meta.encoding), meta.encoding)
    return dict(orjson.loads(dumped(attributes)))


def metadata(instance: Dataset, transfer_syntax: str = EXPLICIT) -> DicomJson:
    return converted(model_of(part10(instance, transfer_syntax)))


def of_bytes(*elements: bytes) -> DicomJson:
    buffer = b"".join(elements)
    return JsonModel(buffer).convert(walk(buffer, 0, EXPLICIT_LITTLE), EXPLICIT_LITTLE)


def bulkdata(model: JsonModel, path: str) -> bytes:
    place = model.bulkdata[path]
    return swapped(model.buffer[place.offset : place.offset + place.length], place.word_size)
