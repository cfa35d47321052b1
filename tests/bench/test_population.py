from itertools import islice

from tests.bench.growing import extent
from tests.bench.population import EXAMINATIONS, population, uid


def test_the_population_is_always_the_same() -> None:
    first, second = (list(islice(population(), 300)) for _ in range(2))

    assert first == second
    assert first != list(islice(population(seed=2), 300))


def test_the_beginning_of_a_large_archive_is_the_small_one() -> None:
    small, large = extent(1000), extent(5000)

    assert large.series[: len(small.series)] == small.series
    assert large.instances >= 5000


def test_studies_come_in_the_order_of_their_dates() -> None:
    days = [series.study.day for series in islice(population(), 1000)]

    assert days == sorted(days)


def test_patients_come_again_and_modalities_differ() -> None:
    series = list(islice(population(), 2000))

    studies = {each.study.uid for each in series}
    patients = {each.study.patient.patient_id for each in series}
    assert len(patients) < 0.7 * len(studies)
    assert {examination.examination.modality for examination in series} >= {
        examination.modality for examination in EXAMINATIONS
    }


def test_uids_are_of_one_length_and_can_be_told_apart() -> None:
    uids = {uid("study", number) for number in range(1000)}

    assert len(uids) == 1000
    assert {len(uid) for uid in uids} == {43}
