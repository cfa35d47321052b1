"""Which directory record an instance has, and which of its attributes the record repeats: PS3.3 F.4, F.5."""

from service.dicom.dictionary import tag_of, vr_of
from service.dicom_json import Attributes, DicomJson, items, text

_STANDARD = "1.2.840.10008."
_STORAGE = f"{_STANDARD}5.1.4.1.1."

# Ending of a SOP Class UID, or what several endings begin with → Directory Record Type. Other classes of the
# Standard are images.
_RECORD_TYPES = {
    "4.2": "SPECTROSCOPY",
    "9": "WAVEFORM",
    "11": "PRESENTATION",
    "34.7": "PLAN",
    "66": "RAW DATA",
    "66.1": "REGISTRATION",
    "66.2": "FIDUCIAL",
    "66.3": "REGISTRATION",
    "66.4": "IMAGE",
    "66.5": "SURFACE",
    "66.6": "TRACT",
    "66.7": "IMAGE",
    "66.8": "IMAGE",
    "67": "VALUE MAP",
    "68": "SURFACE SCAN",
    "77.1.5.3": "STEREOMETRIC",
    "78": "MEASUREMENT",
    "78.6": "SR DOCUMENT",
    "79.1": "SR DOCUMENT",
    "80.1": "MEASUREMENT",
    "88": "SR DOCUMENT",
    "88.59": "KEY OBJECT DOC",
    "90.1": "ASSESSMENT",
    "104": "ENCAP DOC",
    "131": "PRESENTATION",
    "481": "RADIOTHERAPY",
    "481.1": "IMAGE",
    "481.2": "RT DOSE",
    "481.3": "RT STRUCTURE SET",
    "481.4": "RT TREAT RECORD",
    "481.5": "RT PLAN",
    "481.6": "RT TREAT RECORD",
    "481.7": "RT TREAT RECORD",
    "481.8": "RT PLAN",
    "481.9": "RT TREAT RECORD",
    "481.23": "IMAGE",
    "481.24": "IMAGE",
}

_CONTENT = "InstanceNumber ContentDate ContentTime"
_IDENTIFIED = f"{_CONTENT} ContentLabel ContentDescription ContentCreatorName"

# Directory Record Type → keys of type 1 and 2, which are there even without a value; after the bar those that
# are there if the instance has them.
_KEYS = {
    "PATIENT": "PatientName PatientID | PatientBirthDate PatientSex",
    "STUDY": "StudyDate StudyTime AccessionNumber StudyDescription StudyInstanceUID StudyID",
    "SERIES": "Modality SeriesInstanceUID SeriesNumber | SeriesDescription",
    "IMAGE": "InstanceNumber | ImageType NumberOfFrames Rows Columns",
    "ASSESSMENT": "InstanceNumber InstanceCreationDate | InstanceCreationTime",
    "ENCAP DOC": (
        f"{_CONTENT} DocumentTitle ConceptNameCodeSequence MIMETypeOfEncapsulatedDocument"
        " | HL7InstanceIdentifier"
    ),
    "FIDUCIAL": _IDENTIFIED,
    "KEY OBJECT DOC": f"{_CONTENT} ConceptNameCodeSequence",
    "MEASUREMENT": _IDENTIFIED,
    "PLAN": "",
    "PRESENTATION": (
        "PresentationCreationDate PresentationCreationTime InstanceNumber ContentLabel ContentDescription"
        " ContentCreatorName | ReferencedSeriesSequence BlendingSequence"
    ),
    "PRIVATE": "",
    "RADIOTHERAPY": (
        "InstanceNumber | UserContentLabel UserContentLongLabel ContentDescription ContentCreatorName"
    ),
    "RAW DATA": _CONTENT,
    "REGISTRATION": _IDENTIFIED,
    "RT DOSE": "InstanceNumber DoseSummationType | DoseComment",
    "RT PLAN": "InstanceNumber RTPlanLabel RTPlanDate RTPlanTime",
    "RT STRUCTURE SET": "InstanceNumber StructureSetLabel StructureSetDate StructureSetTime",
    "RT TREAT RECORD": "InstanceNumber TreatmentDate TreatmentTime",
    "SPECTROSCOPY": (
        f"ImageType {_CONTENT} NumberOfFrames Rows Columns DataPointRows DataPointColumns"
        " | ReferencedImageEvidenceSequence"
    ),
    "SR DOCUMENT": (
        f"{_CONTENT} CompletionFlag VerificationFlag ConceptNameCodeSequence | VerificationDateTime"
    ),
    "STEREOMETRIC": "",
    "SURFACE": _IDENTIFIED,
    "SURFACE SCAN": "ContentDate ContentTime",
    "TRACT": _IDENTIFIED,
    "VALUE MAP": _IDENTIFIED,
    "WAVEFORM": _CONTENT,
}
_WITH_CONCEPT_MODIFIERS = ("SR DOCUMENT", "KEY OBJECT DOC")
_CONTENT_SEQUENCE, _RELATIONSHIP_TYPE = "0040A730", "0040A010"


def record_type(sop_class_uid: str) -> str:
    """Return the Directory Record Type of an instance.

    Args:
        sop_class_uid: its SOP Class; a private one makes a private record.
    """
    if not sop_class_uid.startswith(_STANDARD):
        return "PRIVATE"
    ending = sop_class_uid.removeprefix(_STORAGE)
    while ending:
        if known := _RECORD_TYPES.get(ending):
            return known
        ending = ending.rpartition(".")[0]
    return "IMAGE"


def record_keys(kind: str, attributes: Attributes) -> DicomJson:
    """Return those attributes of an instance that its record, or one above it, repeats.

    Args:
        kind: Directory Record Type.
        attributes: of the instance, as DICOM JSON.
    """
    required, _, optional = _KEYS[kind].partition("|")
    keys = {tag: _inline(attributes.get(tag), tag) for tag in map(_tag, required.split())}
    keys |= {tag: _inline(attributes[tag], tag) for tag in map(_tag, optional.split()) if tag in attributes}
    if kind in _WITH_CONCEPT_MODIFIERS and (modifiers := _concept_modifiers(attributes)):
        keys[_CONTENT_SEQUENCE] = {"vr": "SQ", "Value": modifiers}
    return keys


def _inline(element: DicomJson | None, tag: str) -> DicomJson:
    """Return a key; empty where the instance lacks it, or has it as bulk data."""
    return element if element and "BulkDataURI" not in element else {"vr": vr_of(tag)}


def _concept_modifiers(attributes: Attributes) -> list[Attributes]:
    """Return what qualifies the title of a report: the items of its root that stand for no content."""
    content = items(attributes, _CONTENT_SEQUENCE)
    return [item for item in content if text(item, _RELATIONSHIP_TYPE) == "HAS CONCEPT MOD"]


def _tag(keyword: str) -> str:
    return tag_of(keyword) or ""
