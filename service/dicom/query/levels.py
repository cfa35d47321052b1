"""Which attributes belong to which level of the information model, and what a search does with them.

An instance carries the attributes of its patient, study and series too. These tables say which: modules of
PS3.3 C.7.1 to C.7.5 for Study and Series, everything else is of the Instance. A search answers with the
required ones and the usual ones; the others of a level are kept beside them for `includefield`.
"""

from collections.abc import Iterable
from enum import IntEnum
from typing import Any

from service.dicom.dictionary import tag_of, vr_of
from service.dicom_json import Attributes

Path = tuple[str, ...]  # tags, outermost sequence first


class Level(IntEnum):
    """A level of the information model, PS3.4 C.6.2: lower ones have higher numbers."""

    STUDY = 0
    SERIES = 1
    INSTANCE = 2


def _tags(keywords: str) -> tuple[str, ...]:
    return tuple(tag for keyword in keywords.split() if (tag := tag_of(keyword)))


# Returned for every match, empty where the value is unknown: PS3.18 Tables 10.6.3-3, -4, -5. The UIDs of the
# levels above are required only of some resources, but a row without them cannot be retrieved.
REQUIRED = {
    Level.STUDY: _tags(
        "StudyDate StudyTime AccessionNumber ReferringPhysicianName PatientName PatientID PatientBirthDate "
        "PatientSex StudyInstanceUID StudyID"
    ),
    Level.SERIES: _tags("Modality StudyInstanceUID SeriesInstanceUID SeriesNumber"),
    Level.INSTANCE: _tags("SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID InstanceNumber"),
}

# Returned where the value is known: those of the same tables, and what every viewer asks for.
IF_KNOWN = {
    Level.STUDY: _tags("TimezoneOffsetFromUTC StudyDescription"),
    Level.SERIES: _tags(
        "SeriesDate SeriesTime TimezoneOffsetFromUTC SeriesDescription BodyPartExamined "
        "PerformedProcedureStepStartDate PerformedProcedureStepStartTime RequestAttributesSequence"
    ),
    Level.INSTANCE: _tags(
        "ImageType TimezoneOffsetFromUTC NumberOfFrames Rows Columns BitsAllocated BurnedInAnnotation "
        "SpecimenLabelInImage"
    ),
}

# Returned for every match, and made by this service rather than found in an instance.
COMPUTED = {
    Level.STUDY: _tags(
        "InstanceAvailability ModalitiesInStudy RetrieveURL NumberOfStudyRelatedSeries "
        "NumberOfStudyRelatedInstances"
    ),
    Level.SERIES: _tags("InstanceAvailability RetrieveURL NumberOfSeriesRelatedInstances"),
    Level.INSTANCE: _tags("InstanceAvailability RetrieveURL AvailableTransferSyntaxUID"),
}

RETURNED = {level: frozenset((*REQUIRED[level], *IF_KNOWN[level], *COMPUTED[level])) for level in Level}

_PATIENT = (  # PS3.3 C.7.1.1, C.7.1.3
    "IssuerOfPatientID IssuerOfPatientIDQualifiersSequence TypeOfPatientID PatientBirthTime "
    "PatientBirthDateInAlternativeCalendar PatientDeathDateInAlternativeCalendar PatientAlternativeCalendar "
    "OtherPatientIDs OtherPatientIDsSequence OtherPatientNames EthnicGroup PatientComments "
    "PatientSpeciesDescription PatientSpeciesCodeSequence PatientBreedDescription PatientBreedCodeSequence "
    "BreedRegistrationSequence ResponsiblePerson ResponsiblePersonRole ResponsibleOrganization "
    "PatientIdentityRemoved DeidentificationMethod DeidentificationMethodCodeSequence QualityControlSubject "
    "ReferencedPatientSequence ClinicalTrialSponsorName ClinicalTrialProtocolID ClinicalTrialProtocolName "
    "ClinicalTrialSiteID ClinicalTrialSiteName ClinicalTrialSubjectID ClinicalTrialSubjectReadingID"
)
_GENERAL_STUDY = (  # PS3.3 C.7.2.1
    "ReferringPhysicianIdentificationSequence ConsultingPhysicianName "
    "ConsultingPhysicianIdentificationSequence IssuerOfAccessionNumberSequence PhysiciansOfRecord "
    "PhysiciansOfRecordIdentificationSequence NameOfPhysiciansReadingStudy SOPClassesInStudy "
    "PhysiciansReadingStudyIdentificationSequence RequestingService RequestingServiceCodeSequence "
    "ReferencedStudySequence ProcedureCodeSequence ReasonForPerformedProcedureCodeSequence"
)
_PATIENT_STUDY = (  # PS3.3 C.7.2.2, C.7.2.3
    "AdmittingDiagnosesDescription AdmittingDiagnosesCodeSequence PatientAge PatientSize PatientWeight "
    "PatientBodyMassIndex PatientSizeCodeSequence MedicalAlerts Allergies SmokingStatus PregnancyStatus "
    "LastMenstrualDate PatientState Occupation AdditionalPatientHistory AdmissionID ReasonForVisit "
    "IssuerOfAdmissionIDSequence ServiceEpisodeID ServiceEpisodeDescription PatientSexNeutered "
    "ClinicalTrialTimePointID ClinicalTrialTimePointDescription"
)
_GENERAL_SERIES = (  # PS3.3 C.7.3.1, C.7.3.2
    "Laterality PerformingPhysicianName PerformingPhysicianIdentificationSequence ProtocolName "
    "SeriesDescriptionCodeSequence OperatorsName OperatorIdentificationSequence PatientPosition "
    "ReferencedPerformedProcedureStepSequence RelatedSeriesSequence SmallestPixelValueInSeries "
    "LargestPixelValueInSeries PerformedProcedureStepID PerformedProcedureStepEndDate "
    "PerformedProcedureStepEndTime PerformedProcedureStepDescription PerformedProtocolCodeSequence "
    "CommentsOnThePerformedProcedureStep TreatmentSessionUID AnatomicalOrientationType "
    "ClinicalTrialCoordinatingCenterName ClinicalTrialSeriesID ClinicalTrialSeriesDescription"
)
_EQUIPMENT = (  # PS3.3 C.7.5.1
    "Manufacturer InstitutionName InstitutionAddress StationName InstitutionalDepartmentName "
    "ManufacturerModelName DeviceSerialNumber SoftwareVersions GantryID UDISequence DeviceUID "
    "SpatialResolution DateOfLastCalibration TimeOfLastCalibration"
)
_REFERENCE = (  # PS3.3 C.7.4.1, C.7.4.2
    "FrameOfReferenceUID PositionReferenceIndicator SynchronizationFrameOfReferenceUID"
)
_PET_SERIES = (  # PS3.3 C.8.9.1
    "SeriesType Units CountsSource CollimatorType ReprojectionMethod NumberOfRRIntervals NumberOfTimeSlots "
    "NumberOfTimeSlices NumberOfSlices NumberOfRotations RandomsCorrectionMethod ScatterCorrectionMethod "
    "AttenuationCorrectionMethod DecayCorrection DetectorLinesOfResponseUsed"
)

# The rest of what Study and Series have: kept with them, returned when a client asks.
OTHERS = {
    Level.STUDY: _tags(f"{_PATIENT} {_GENERAL_STUDY} {_PATIENT_STUDY}"),
    Level.SERIES: _tags(f"{_GENERAL_SERIES} {_EQUIPMENT} {_REFERENCE} {_PET_SERIES}"),
}

# What a study has of its patient, PS3.4 Table C.6-1: returned when patients are looked for.
OF_PATIENT = frozenset(_tags(f"PatientName PatientID PatientBirthDate PatientSex {_PATIENT}"))

# Of the equipment, so of the Series, yet asked of studies everywhere: those of the first instance answer.
SHOWN_WITH_STUDY = frozenset(_tags("InstitutionName InstitutionAddress InstitutionalDepartmentName"))

_LEVELS = {
    tag: level
    for level in reversed(Level)
    for tag in (*COMPUTED[level], *IF_KNOWN[level], *REQUIRED[level], *OTHERS.get(level, ()))
}
_ASCENDING_RETURNED = {level: sorted((*REQUIRED[level], *IF_KNOWN[level])) for level in Level}
_ASCENDING_OTHERS = {
    Level.STUDY: sorted((*OTHERS[Level.STUDY], *SHOWN_WITH_STUDY)),
    Level.SERIES: sorted(OTHERS[Level.SERIES]),
}
BESIDE = {level: frozenset(tags) for level, tags in _ASCENDING_OTHERS.items()}
"""What Study and Series have beside what is returned, as it is kept."""
_EMPTY = {level: {tag: {"vr": vr_of(tag)} for tag in REQUIRED[level]} for level in Level}


def level_of(tag: str) -> Level:
    """Return the highest level that has the attribute; Instance for one in none of the tables."""
    return _LEVELS.get(tag, Level.INSTANCE)


def creator_of(tag: str) -> str:
    """Return the tag of the Private Creator of a private attribute, empty for any other. PS3.5 7.8.1."""
    is_private = ":" not in tag and int(tag[:4], 16) % 2 == 1 and tag[4:6] >= "10"
    return f"{tag[:4]}00{tag[4:6]}" if is_private else ""


def level_attributes(metadata: Attributes, level: Level) -> dict[str, Any]:
    """Select what a search returns of this level, ascending; what is required and missing is empty."""
    empty = _EMPTY[level]
    elements = ((tag, metadata.get(tag) or empty.get(tag)) for tag in _ASCENDING_RETURNED[level])
    return {tag: element for tag, element in elements if element}


def other_attributes(metadata: Attributes, level: Level) -> dict[str, Any]:
    """Select the other attributes of Study or Series, ascending: those that `includefield` can ask for."""
    return selected(metadata, _ASCENDING_OTHERS[level])


def selected(attributes: Attributes, tags: Iterable[str]) -> dict[str, Any]:
    """Return the attributes among `tags` that there are, in the order of `tags`, each under its tag."""
    here = (tag_in(attributes, tag) if ":" in tag else tag for tag in tags)
    return {tag: attributes[tag] for tag in here if tag in attributes}


def tag_in(attributes: Attributes, name: str) -> str:
    """Return the tag that a private attribute, named by its creator, has in a data set; "" for none there.

    Standard: PS3.5 7.8.1.
    """
    number, _, creator = name.partition(":")
    group = number[:4]
    for tag, element in attributes.items():
        if tag[:4] == group and tag[4:6] == "00" and tag[6:8] >= "10":
            values = element.get("Value") if isinstance(element, dict) else None
            if values and str(values[0]).strip() == creator:
                return f"{group}{tag[6:8]}{number[6:8]}"
    return ""
