"""Who comes to an imaging department: patients, their studies and series, day after day.

Drawn from a seed, in the order of their dates, and without an end: the beginning of a large archive is the
small archive. A study has 33 instances on average, half of the studies have one or two.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256
from itertools import accumulate
from random import Random


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


_FAMILY_NAMES = _words("""
    Smith Johnson Müller Garcia Brown Nguyen Schmidt Rossi Martin Jones Novák Silva Lopez Kowalski Wilson
    Andersson Dubois Fischer Taylor Papadopoulos O'Brien Yılmaz Weber Moreau Kovács Jensen Ivanova Lee Santos
    Bianchi Walker Haddad Lindqvist Becker Young Torres Petrov Clark Romero Wójcik Hall Dvořák Costa Scott
""")
_GIVEN_NAMES = _words("""
    Maria James Anna Robert Elena John Sofia Michael Ana David Laura Peter Julia Thomas Eva Martin Clara Paul
    Nora Lukas Emma Daniel Lucía Jan Amélie Stefan Ines Ali Zoë Ivan Grace Hugo Mei Otto Ruth Leo
""")
_FIRST_DAY = date(2012, 1, 2)
_STUDIES_A_DAY = 10
_RETURNING = 0.5  # of the studies, those of a patient who has been here before
_REPORTED = 0.3  # of the studies, those with a Structured Report


@dataclass(frozen=True, slots=True)
class Examination:
    """A kind of study, and how often and how large it is.

    Attributes:
        modality: (0008,0060).
        sop_class: UID of its instances.
        share: of all studies, in percent.
        series: least and most of them in a study.
        instances: least and most of them in a series.
        regions: Body Part Examined, one of these.
    """

    modality: str
    sop_class: str
    share: int
    series: tuple[int, int]
    instances: tuple[int, int]
    regions: tuple[str, ...]


EXAMINATIONS = (
    Examination("DX", "1.2.840.10008.5.1.4.1.1.1.1", 41, (1, 2), (1, 2), ("CHEST", "HAND", "KNEE", "FOOT")),
    Examination("US", "1.2.840.10008.5.1.4.1.1.6.1", 20, (1, 1), (8, 40), ("ABDOMEN", "THYROID", "HEART")),
    Examination("CT", "1.2.840.10008.5.1.4.1.1.2", 16, (2, 4), (20, 50), ("CHEST", "HEAD", "ABDOMEN")),
    Examination("MR", "1.2.840.10008.5.1.4.1.1.4", 10, (3, 7), (15, 25), ("BRAIN", "KNEE", "LSPINE")),
    Examination("MG", "1.2.840.10008.5.1.4.1.1.1.2", 8, (1, 1), (4, 4), ("BREAST",)),
    Examination("NM", "1.2.840.10008.5.1.4.1.1.20", 4, (1, 3), (1, 4), ("SKELETON", "THYROID")),
    Examination("PT", "1.2.840.10008.5.1.4.1.1.128", 1, (2, 2), (100, 250), ("WHOLEBODY",)),
)
REPORT = Examination("SR", "1.2.840.10008.5.1.4.1.1.88.22", 0, (1, 1), (1, 1), ("",))
_SHARES = list(accumulate(examination.share for examination in EXAMINATIONS))


@dataclass(frozen=True, slots=True)
class Patient:
    """A person: DICOM values as they stand in a file."""

    name: str
    patient_id: str
    birth_date: str
    sex: str


@dataclass(frozen=True, slots=True)
class Study:
    """A visit: DICOM values as they stand in a file."""

    uid: str
    patient: Patient
    accession_number: str
    day: str
    time: str
    description: str
    referring_physician: str


@dataclass(frozen=True, slots=True)
class Series:
    """A run of instances of one kind.

    Attributes:
        uid: of the series.
        study: it belongs to.
        number: in the study, from 1.
        examination: what kind it is of.
        region: Body Part Examined.
        size: number of instances.
    """

    uid: str
    study: Study
    number: int
    examination: Examination
    region: str
    size: int

    def instance_uid(self, number: int) -> str:
        """Return the UID of an instance, counted from 1."""
        return uid(self.uid, number)


def uid(*names: object) -> str:
    """Return a UID that belongs to these names; all are of the same length."""
    digest = sha256("/".join(map(str, names)).encode()).digest()
    return f"2.25.{10**37 + int.from_bytes(digest[:16], 'big') % (9 * 10**37)}"


def population(seed: int = 1) -> Iterator[Series]:
    """Yield series after series, those of a study one after the other, as they would be stored."""
    random = Random(seed)
    patients: list[Patient] = []
    number = 0
    for day in _working_days():
        for time in sorted(random.randrange(7 * 3600, 19 * 3600) for _ in range(_STUDIES_A_DAY)):
            number += 1
            patient = _patient(random, patients, seed)
            (kind,) = random.choices(EXAMINATIONS, cum_weights=_SHARES)
            yield from _study(random, patient, kind, day, time, f"{seed:02}{number:08}")


def _working_days() -> Iterator[str]:
    day = _FIRST_DAY
    while True:
        if day.weekday() < 5:
            yield f"{day:%Y%m%d}"
        day += timedelta(days=1)


def _patient(random: Random, patients: list[Patient], seed: int) -> Patient:
    if patients and random.random() < _RETURNING:
        return random.choice(patients)
    born = date(1925, 1, 1) + timedelta(days=random.randrange(32_000))
    name = f"{_common(random, _FAMILY_NAMES)}^{_common(random, _GIVEN_NAMES)}"
    newcomer = Patient(name, f"{seed:02}P{len(patients):07}", f"{born:%Y%m%d}", random.choice("FM"))
    patients.append(newcomer)
    return newcomer


def _common(random: Random, names: Sequence[str]) -> str:
    """Return one of the names, the first ones more often."""
    return names[int(len(names) * random.random() ** 2)]


def _study(
    random: Random, patient: Patient, kind: Examination, day: str, time: int, accession_number: str
) -> Iterator[Series]:
    region = random.choice(kind.regions)
    clock = f"{time // 3600:02}{time // 60 % 60:02}{time % 60:02}"
    referring = f"{_common(random, _FAMILY_NAMES)}^{_common(random, _GIVEN_NAMES)}^^Dr"
    description = f"{kind.modality} {region.title()}"
    study_uid = uid("study", accession_number)
    study = Study(study_uid, patient, accession_number, day, clock, description, referring)
    sizes = [random.randint(*kind.instances) for _ in range(random.randint(*kind.series))]
    for number, size in enumerate(sizes, 1):
        yield Series(uid(study_uid, number), study, number, kind, region, size)
    if random.random() < _REPORTED:
        yield Series(uid(study_uid, "report"), study, len(sizes) + 1, REPORT, region, 1)
