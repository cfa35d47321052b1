"""Standardized uptake values of PET: what modality values are multiplied with, by the rules of QIBA.

Where something that they need is missing there is no factor, but a reason: a wrong SUV looks like any other.

Standard: https://qibawiki.rsna.org/index.php/Standardized_Uptake_Value_(SUV), PS3.3 C.8.9.1.
"""

import math
from collections.abc import Mapping
from datetime import datetime, timedelta

from service.errors import NoSuchValues
from service.pixels.numbers.quantities.uptake import Uptake

BODY_WEIGHT, LEAN_MASS, BODY_SURFACE = "suv", "suv-lbm", "suv-bsa"
SUV_KINDS = (BODY_WEIGHT, LEAN_MASS, BODY_SURFACE)

_LONGEST_WAIT = 86_400.0  # seconds from the injection to the scan
_HALF_LIVES, _ALL_HALF_LIVES = (
    5,
    20,
)  # in which a nuclide is scanned where these are longer; of which is none left
_LONGEST_GUESS = timedelta(hours=12)  # from an injection without a date to a scan on the next day
_LONGEST_UNDATED = 43_200.0  # half-life in seconds; what lasts longer is scanned days after the injection
_ALIKE = 1.005  # factors of a series: their times may be rounded to seconds
_DAY = timedelta(days=1)
_BW_TYPES = ("", "BW")


def suv_factors(uptakes: Mapping[str, Uptake], kind: str) -> dict[str, float]:
    """Return the factors from modality values to SUV.

    Args:
        uptakes: what all instances of a series say, by SOP Instance UID.
        kind: one of SUV_KINDS: g/ml by body weight or lean body mass, cm²/ml by body surface.

    Raises:
        NoSuchValues: the SUV cannot be known; it says why.
    """
    acquired = [uptake.acquired for uptake in uptakes.values() if uptake.acquired]
    earliest = min(acquired) if len(acquired) == len(uptakes) else None
    try:
        factors = {
            uid: _by_weight(uptake, earliest) * _of_kind(uptake, kind) for uid, uptake in uptakes.items()
        }
    except (ArithmeticError, ValueError) as error:  # years before the first, numbers beyond all
        raise _none("times and a half-life that make sense") from error
    if not all(map(math.isfinite, factors.values())):
        raise _none("times and a half-life that make sense")
    if max(factors.values()) > _ALIKE * min(factors.values()):
        raise _none("images of a series that agree on when it began, and on the patient's size")
    return factors


def _by_weight(uptake: Uptake, earliest: datetime | None) -> float:
    """Return the factor from modality values to SUV by body weight."""
    if not uptake.is_pet:
        raise _none("a PET Image")
    for correction in ("ATTN", "DECY"):
        if correction not in uptake.corrected:
            raise _none(f"{correction} in Corrected Image")
    if uptake.units == "GML":
        if uptake.suv_type not in _BW_TYPES:
            raise _none("SUV Type BW of values in g/ml")
        return 1.0
    if uptake.units == "CNTS":
        if uptake.philips_suv is not None:
            return uptake.philips_suv
        if uptake.philips_activity is None:
            raise _none("a factor of Philips for Units CNTS")
        return uptake.philips_activity * _of_activity(uptake, earliest)
    if uptake.units == "BQML":
        return _of_activity(uptake, earliest)
    raise _none("Units BQML, CNTS or GML")


def _of_activity(uptake: Uptake, earliest: datetime | None) -> float:
    """Return the factor from Bq/ml to g/ml: the patient's grams for each Bq that is left of the dose."""
    if uptake.doses > 1:
        raise _none("one item of Radiopharmaceutical Information Sequence")
    dose = _needed(uptake.dose, "Radionuclide Total Dose above 0")
    weight = _needed(uptake.weight, "Patient's Weight above 0")
    if uptake.decay_correction == "ADMIN":
        return 1000 * weight / dose
    if uptake.decay_correction != "START":
        raise _none("Decay Correction START or ADMIN")
    half_life = _needed(uptake.half_life, "Radionuclide Half Life above 0")
    scan = _scan(uptake, half_life, earliest)
    wait = (scan - _given(uptake, scan, half_life)).total_seconds()
    longest = min(max(_LONGEST_WAIT, _HALF_LIVES * half_life), _ALL_HALF_LIVES * half_life)
    if not 0 <= wait <= longest:
        raise _none(
            f"a scan that begins up to {longest / 3600:.3g} hours after the Radiopharmaceutical Start"
        )
    return 1000 * weight / (dose * math.pow(2, -wait / half_life))


def _scan(uptake: Uptake, half_life: float, earliest: datetime | None) -> datetime:
    """Return the moment that values are corrected to: when the scan began.

    Series Time is it unless it was written anew for a later reconstruction; it is then after an acquisition.
    """
    if earliest is None:
        raise _none("Acquisition Date and Time of every image of the series")
    if uptake.series is not None and uptake.series <= earliest:
        return uptake.series
    if uptake.ge_scan is not None and uptake.ge_scan <= earliest:
        return uptake.ge_scan
    reference, duration = uptake.reference_seconds, uptake.duration_seconds
    if uptake.acquired is None or not reference or not duration or min(reference, duration) <= 0:
        raise _none("Series Time before all acquisitions, or Frame Reference Time and Actual Frame Duration")
    decay = math.log(2) / half_life
    average = math.log(decay * duration / -math.expm1(-decay * duration)) / decay
    return uptake.acquired + timedelta(seconds=average - reference)


def _given(uptake: Uptake, scan: datetime, half_life: float) -> datetime:
    """Return when the dose was given; of a time without a date, the nearest to the scan.

    A dynamic scan begins before the injection: a time shortly after the scan is none of the day before.
    """
    if uptake.given is not None:
        return uptake.given
    if half_life > _LONGEST_UNDATED:
        raise _none("Radiopharmaceutical Start DateTime of a nuclide that lasts for days")
    seconds = _needed(uptake.given_time, "Radiopharmaceutical Start Time or Start DateTime")
    given = datetime(scan.year, scan.month, scan.day) + timedelta(seconds=seconds)
    if given <= scan:
        return given
    if scan - (given - _DAY) > _LONGEST_GUESS:
        raise _none("an injection before the scan, or Radiopharmaceutical Start DateTime")
    return given - _DAY


def _of_kind(uptake: Uptake, kind: str) -> float:
    """Return the factor from SUV by body weight to another kind."""
    if kind == BODY_WEIGHT:
        return 1.0
    weight = _needed(uptake.weight, "Patient's Weight above 0")
    height = _needed(uptake.height, "Patient's Size above 0")
    if not 0.3 <= height <= 2.6:
        raise _none("Patient's Size in m")
    if kind == BODY_SURFACE:
        surface = 0.007184 * math.pow(weight, 0.425) * math.pow(100 * height, 0.725)  # m²
        return 10_000 * surface / (1000 * weight)
    if uptake.sex not in ("M", "F"):
        raise _none("Patient's Sex M or F")
    divisor = (6680, 216) if uptake.sex == "M" else (8780, 244)
    return 9270 / (divisor[0] + divisor[1] * weight / height**2)


def _needed(value: float | None, expected: str) -> float:
    if value is None:
        raise _none(expected)
    return value


def _none(expected: str) -> NoSuchValues:
    return NoSuchValues(f"no SUV: expected {expected}")
