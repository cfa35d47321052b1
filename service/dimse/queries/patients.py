"""Who a patient is: the index knows studies alone, and what each of them says of its patient.

Each Patient ID with its issuer is one patient. Studies without a Patient ID make up a patient for each name
and birth date.
"""

from service.dicom.dictionary import tag_of
from service.dicom.json.plain import values_in
from service.dicom_json import Attributes
from service.dimse.queries.identifier import text_of

PATIENT_ID, ISSUER = tag_of("PatientID") or "", tag_of("IssuerOfPatientID") or ""
_NAME, _BIRTH_DATE = tag_of("PatientName") or "", tag_of("PatientBirthDate") or ""
TELLING = (PATIENT_ID, ISSUER, _NAME, _BIRTH_DATE)
"""Tags of the attributes that tell who a patient is."""

_name_in = values_in(_NAME)


class Patients:
    """Knows patients that have been seen."""

    def __init__(self) -> None:
        self._patients: set[tuple[str, ...]] = set()
        self._raws: set[tuple[bytes, ...]] = set()

    def is_new(self, study: Attributes) -> bool:
        """Tell whether a study is of a patient that has not been seen yet; now it has."""
        return self._adds(*[text_of(study.get(tag, {})) for tag in TELLING])

    def is_new_raw(self, raws: tuple[bytes, ...]) -> bool:
        """Tell the same of a study given the raw values that it has of what tells who a patient is."""
        if raws in self._raws:  # as most studies of a patient are
            return False
        self._raws.add(raws)
        patient_id, issuer, name, birth_date = [raw.decode() for raw in raws]
        name = name and text_of({"Value": _name_in(name)})
        return self._adds(patient_id.strip(), issuer.strip(), name, birth_date.strip())

    def _adds(self, patient_id: str, issuer: str, name: str, birth_date: str) -> bool:
        patient = (patient_id, issuer) if patient_id else ("", name, birth_date)
        is_new = patient not in self._patients
        self._patients.add(patient)
        return is_new
