"""One instance as it arrives: everything a later answer needs, read in one pass."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from service.dicom.dictionary import described, tag_name
from service.dicom.encoding.elements import Buffer, Element, Malformed, TooMany, Truncated
from service.dicom.encoding.part10 import FileMeta
from service.dicom.encoding.walk import walk
from service.dicom.frame_scan import frame_table, is_number_unreadable, number_of_frames
from service.dicom.frames import FrameTable, NativeFrames
from service.dicom.json.writer import Bulkdata, JsonModel
from service.dicom.patterns.series import learn, read_alike
from service.dicom_json import DicomJson
from service.errors import Refusal, TooLargeForDisk, Unavailable
from service.transfer_syntaxes import is_video

# Failure and Warning Reasons: PS3.18 Table I.2-2, PS3.4 Table GG.4-1.
CANNOT_UNDERSTAND = 0xC000
DOES_NOT_MATCH_SOP_CLASS = 0xA900
OUT_OF_RESOURCES = 0xA700
TOO_LARGE = 0xA701
TRANSFER_SYNTAX_NOT_SUPPORTED = 0xC122
DUPLICATE = 0x0111
NOT_AUTHORIZED = 0x0124
PROCESSING_FAILURE = 0x0110
OTHER_STUDY = 0xA901
WARNING_DOES_NOT_MATCH_SOP_CLASS = 0xB007

_SOP_CLASS, _INSTANCE, _STUDY, _SERIES = 0x00080016, 0x00080018, 0x0020000D, 0x0020000E
_PIXEL_DATA = "7FE00010"
_MAX_FLAWS = 5  # that are told one by one
_IDENTIFYING = {
    _STUDY: "StudyInstanceUID",
    _SERIES: "SeriesInstanceUID",
    _INSTANCE: "SOPInstanceUID",
    _SOP_CLASS: "SOPClassUID",
}
_UID = re.compile(r"(?=.{1,64}\Z)(0|[1-9][0-9]*)(\.(0|[1-9][0-9]*))*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Uids:
    """The identity of an instance."""

    study: str
    series: str
    instance: str


@dataclass(frozen=True, slots=True)
class ParsedInstance:
    """What the index and later answers need to know of one instance.

    Attributes:
        uids: its identity.
        sop_class_uid: (0008,0016).
        transfer_syntax: UID of the stored encoding.
        conformant: the file is a Part 10 file as it is.
        metadata: its DICOM JSON object.
        bulkdata: attribute path → where a value lies that the metadata leaves out.
        image: what rendering needs, as DICOM JSON with binary values inline; None without pixels.
        frames: where its frames lie; None without pixels.
        warning: what was tolerated, for the one who sent it; empty if nothing.
    """

    uids: Uids
    sop_class_uid: str
    transfer_syntax: str
    conformant: bool
    metadata: DicomJson
    bulkdata: dict[str, Bulkdata]
    image: DicomJson | None
    frames: FrameTable | None
    warning: str


def reason_of(error: Unavailable) -> int:
    """Return the Failure Reason of what the disk or the index denies."""
    return TOO_LARGE if isinstance(error, TooLargeForDisk) else OUT_OF_RESOURCES


def is_uid(value: str) -> bool:
    """Tell whether a text is a UID: digits and dots, no leading zeros, at most 64. PS3.5 9.1."""
    return _UID.fullmatch(value) is not None


def read_instance(
    buffer: Buffer, dataset_offset: int, meta: FileMeta, image_tags: frozenset[int], base: str
) -> ParsedInstance:
    """Read one instance.

    Args:
        buffer: the file, or of a deflated one the inflated data set.
        dataset_offset: where the data set begins in the buffer.
        meta: what the file's head says.
        image_tags: the attributes that rendering needs.
        base: what stands for the service's base URL in Bulkdata URIs.

    Raises:
        Refusal: cut short, nested too deep, not DICOM, or without the UIDs that address it.
    """
    alike = read_alike(buffer, dataset_offset, meta.encoding)
    known, elements = alike or ({}, _every_element(buffer, dataset_offset, meta))
    uids, sop_class_uid = _identity(_identifiers(buffer, elements))
    url = f"{base}/studies/{uids.study}/series/{uids.series}/instances/{uids.instance}/bulkdata/"
    model = JsonModel(buffer, url)
    try:
        metadata = {**known, **model.convert(elements, meta.encoding)}
    except TooMany as error:
        raise Refusal(str(error), CANNOT_UNDERSTAND, sop_class_uid, uids.instance) from error
    _state_identity(metadata, uids, sop_class_uid, model.flaws)
    if not alike and not model.flaws:
        learn(buffer, dataset_offset, meta.encoding, elements, metadata, model.bulkdata)
    frames = frame_table(buffer, elements, meta.encoding, meta.transfer_syntax, metadata)
    if isinstance(frames, NativeFrames) and _PIXEL_DATA in model.bulkdata:
        model.bulkdata[_PIXEL_DATA] = model.bulkdata[_PIXEL_DATA]._replace(word_size=frames.word_size)
    image = _plain_image(metadata, image_tags) if frames else None
    if frames and image is None:
        every = _every_element(buffer, dataset_offset, meta) if alike else elements
        image = JsonModel(buffer, only=image_tags).convert(every, meta.encoding)
    return ParsedInstance(
        uids,
        sop_class_uid,
        meta.transfer_syntax,
        meta.conformant,
        metadata,
        model.bulkdata,
        image,
        frames,
        "; ".join(_tolerated(meta, metadata, frames, model.flaws)),
    )


def _every_element(buffer: Buffer, dataset_offset: int, meta: FileMeta) -> list[Element]:
    """Return the elements of the top level.

    Raises:
        Refusal: they cannot be read.
    """
    try:
        return walk(buffer, dataset_offset, meta.encoding)
    except Malformed as error:
        kind = "the file is cut short" if isinstance(error, Truncated) else "the data set cannot be read"
        raise _refusal(f"{kind}: {error}", CANNOT_UNDERSTAND, _identifiers(buffer, error.read)) from error


def _plain_image(metadata: DicomJson, tags: frozenset[int]) -> DicomJson | None:
    """Return what rendering needs out of the metadata; None if a sequence or a long table is among it."""
    names = _names(tags)
    chosen = {name: attribute for name, attribute in metadata.items() if name in names}
    is_plain = all(element["vr"] != "SQ" and "BulkDataURI" not in element for element in chosen.values())
    return chosen if is_plain else None


@lru_cache
def _names(tags: frozenset[int]) -> frozenset[str]:
    return frozenset(map(tag_name, tags))


def _identifiers(buffer: Buffer, elements: Iterable[Element]) -> dict[int, str]:
    """Return the values of the identifying attributes that are there."""
    return {
        element.tag: _beginning(buffer, element).decode("latin-1").strip(" \0")
        for element in elements
        if element[0] in _IDENTIFYING and element.length
    }


def _beginning(buffer: Buffer, element: Element) -> bytes:
    return buffer[element.offset : element.offset + min(element.length, 128)]


def _identity(identifiers: dict[int, str]) -> tuple[Uids, str]:
    """Return the UIDs that address an instance, and its SOP Class.

    Raises:
        Refusal: one is missing or is no UID.
    """
    for tag, keyword in _IDENTIFYING.items():
        if tag not in identifiers:
            raise _refusal(f"{keyword} is missing", DOES_NOT_MATCH_SOP_CLASS, identifiers)
        if not is_uid(identifiers[tag]):
            expected = "expected digits and dots, no leading zeros, at most 64 characters (PS3.5 9.1)"
            raise _refusal(f"{keyword} is not a UID: {expected}", DOES_NOT_MATCH_SOP_CLASS, identifiers)
    return Uids(identifiers[_STUDY], identifiers[_SERIES], identifiers[_INSTANCE]), identifiers[_SOP_CLASS]


def _state_identity(metadata: DicomJson, uids: Uids, sop_class_uid: str, flaws: dict[int, str]) -> None:
    """Let the metadata hold the UIDs that address the instance as UIDs, whatever VR the file gives them."""
    values = {_STUDY: uids.study, _SERIES: uids.series, _INSTANCE: uids.instance, _SOP_CLASS: sop_class_uid}
    for tag, uid in values.items():
        name = tag_name(tag)
        if (vr := metadata[name]["vr"]) != "UI":
            flaws[tag] = f"a UID that is encoded as {vr}"
        metadata[name] = {"vr": "UI", "Value": [uid]}


def _refusal(message: str, reason: int, identifiers: dict[int, str]) -> Refusal:
    uids = (
        uid if is_uid(uid) else ""
        for uid in (identifiers.get(_SOP_CLASS, ""), identifiers.get(_INSTANCE, ""))
    )
    return Refusal(message, reason, *uids)


def _tolerated(
    meta: FileMeta, metadata: DicomJson, frames: FrameTable | None, flaws: Mapping[int, str]
) -> Iterator[str]:
    """Yield what is wrong with an instance that can be kept all the same."""
    if not meta.conformant:
        yield "the file has no complete Part 10 head; its transfer syntax was recognised"
    stated = number_of_frames(metadata) or 1
    is_known = not is_video(meta.transfer_syntax) and not is_number_unreadable(metadata)
    if frames is not None and frames.number_of_frames != stated and is_known:
        yield f"{stated} frames are described, {frames.number_of_frames} are there"
    for tag, wrong in islice(flaws.items(), _MAX_FLAWS):
        yield f"{described(tag)}: {wrong}"
    if len(flaws) > _MAX_FLAWS:
        yield f"and {len(flaws) - _MAX_FLAWS} attributes more"
