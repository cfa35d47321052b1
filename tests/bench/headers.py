"""The attributes of a phantom: about a hundred, as a scanner writes them: metadata of the usual size."""

from typing import Any

from pydicom import Dataset

from tests.bench.population import REPORT, Series
from tests.builders import data_set

_ACQUISITION: dict[str, Any] = {
    "ImageType": ["ORIGINAL", "PRIMARY", "AXIAL"],
    "Manufacturer": "Phantom Works",
    "InstitutionName": "General Hospital",
    "InstitutionAddress": "1 Main Street, Springfield",
    "StationName": "SCANNER01",
    "ManufacturerModelName": "Phantom 64",
    "DeviceSerialNumber": "000123456",
    "SoftwareVersions": ["syngo 7.1", "VB20A"],
    "OperatorsName": "Operator^One",
    "PerformingPhysicianName": "Radiologist^Rosa",
    "ContrastBolusAgent": "IOHEXOL",
    "ScanOptions": "HELICAL MODE",
    "SliceThickness": "1.25",
    "KVP": "120",
    "DataCollectionDiameter": "500",
    "ReconstructionDiameter": "360",
    "DistanceSourceToDetector": "949.147",
    "DistanceSourceToPatient": "541",
    "GantryDetectorTilt": "0",
    "TableHeight": "155.2",
    "RotationDirection": "CW",
    "ExposureTime": "570",
    "XRayTubeCurrent": "315",
    "Exposure": "12",
    "FilterType": "BODY FILTER",
    "GeneratorPower": "37800",
    "FocalSpots": "0.7",
    "ConvolutionKernel": "STANDARD",
    "PatientPosition": "FFS",
    "RevolutionTime": 0.5,
    "SingleCollimationWidth": 0.625,
    "TotalCollimationWidth": 40.0,
    "TableSpeed": 110.0,
    "TableFeedPerRotation": 55.0,
    "SpiralPitchFactor": 1.375,
    "CTDIvol": 6.31,
    "AcquisitionNumber": "1",
    "ImageOrientationPatient": [1, 0, 0, 0, 1, 0],
    "PositionReferenceIndicator": "XY",
    "TemporalPositionIdentifier": "1",
    "NumberOfTemporalPositions": "1",
    "ImageComments": "made for a benchmark",
    "LossyImageCompression": "00",
    "WindowCenter": ["40", "-600"],
    "WindowWidth": ["400", "1500"],
    "WindowCenterWidthExplanation": ["SOFT TISSUE", "LUNG"],
    "RescaleIntercept": "-1024",
    "RescaleSlope": "1",
    "RescaleType": "HU",
    "PatientIdentityRemoved": "YES",
    "DeidentificationMethod": "never was anyone",
    "BurnedInAnnotation": "NO",
    "RequestingService": "INTERNAL MEDICINE",
    "CurrentPatientLocation": "WARD 3",
    "PregnancyStatus": 4,
    "MedicalAlerts": "NONE",
    "Allergies": "NONE KNOWN",
    "SmokingStatus": "UNKNOWN",
}


def header(series: Series, instance_uid: str, number: str, position: str) -> Dataset:
    """Return the attributes of an instance without those of its pixels.

    Args:
        series: it belongs to.
        instance_uid: its UID.
        number: Instance Number.
        position: of its slice, in mm.
    """
    kind, study = series.examination, series.study
    dataset = data_set(
        SOPClassUID=kind.sop_class,
        SOPInstanceUID=instance_uid,
        StudyInstanceUID=study.uid,
        SeriesInstanceUID=series.uid,
        SpecificCharacterSet="ISO_IR 192",
        Modality=kind.modality,
        SeriesNumber=series.number,
        SeriesDescription=f"{kind.modality} {series.region.title()} {series.number}",
        ProtocolName=f"{series.region} {series.number}",
        InstanceNumber=number,
        FrameOfReferenceUID=study.uid,
        RequestAttributesSequence=[_request(series)],
        **_of_study(series),
    )
    if kind is not REPORT:
        dataset.update(_acquired(series, position))
    return dataset


def _of_study(series: Series) -> dict[str, Any]:
    study, patient = series.study, series.study.patient
    days = (
        "StudyDate",
        "SeriesDate",
        "ContentDate",
        "InstanceCreationDate",
        "PerformedProcedureStepStartDate",
    )
    times = (
        "StudyTime",
        "SeriesTime",
        "ContentTime",
        "InstanceCreationTime",
        "PerformedProcedureStepStartTime",
    )
    return {
        **dict.fromkeys(days, study.day),
        **dict.fromkeys(times, study.time),
        "AccessionNumber": study.accession_number,
        "StudyID": study.accession_number[-6:],
        "StudyDescription": study.description,
        "ReferringPhysicianName": study.referring_physician,
        "PatientName": patient.name,
        "PatientID": patient.patient_id,
        "PatientBirthDate": patient.birth_date,
        "PatientSex": patient.sex,
        "PatientWeight": "72",
        "PatientSize": "1.74",
    }


def _acquired(series: Series, position: str) -> Dataset:
    dataset = Dataset()
    for keyword, value in _ACQUISITION.items():
        setattr(dataset, keyword, value)
    dataset.BodyPartExamined = series.region
    dataset.AcquisitionDate, dataset.AcquisitionTime = series.study.day, series.study.time
    dataset.ImagePositionPatient = ["-180", "-180", position]
    dataset.SliceLocation = position
    dataset.ReferencedStudySequence = [_reference("1.2.840.10008.3.1.2.3.1", series.study.uid)]
    dataset.ReferencedPerformedProcedureStepSequence = [_reference("1.2.840.10008.3.1.2.3.3", series.uid)]
    return dataset


def _reference(sop_class: str, instance: str) -> Dataset:
    dataset = Dataset()
    dataset.ReferencedSOPClassUID, dataset.ReferencedSOPInstanceUID = sop_class, instance
    return dataset


def _request(series: Series) -> Dataset:
    dataset = Dataset()
    dataset.ScheduledProcedureStepID = f"S{series.study.accession_number[-8:]}"
    dataset.RequestedProcedureID = f"R{series.study.accession_number[-8:]}"
    dataset.ScheduledProcedureStepDescription = series.study.description
    return dataset
