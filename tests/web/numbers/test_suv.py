"""Standardized uptake values of PET, and the reasons where there are none."""

from io import BytesIO
from typing import Any

import httpx
import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import PositronEmissionTomographyImageStorage

from tests.web.series import SERIES, ct_slice, item, store, stored_values

VOLUME = f"{SERIES}/volume"
STORED = stored_values(2, 4, 5)
HALF_LIFE, DOSE, WEIGHT, HEIGHT = 6586.2, 3.7e8, 70.0, 1.8
SLOPE = 2.5
HOUR_DECAYED = 1000 * WEIGHT / (DOSE * 2 ** (-3600 / HALF_LIFE))


def _pet(number: int, drug: dict[str, Any] | None = None, **attributes: Any) -> Dataset:
    usual_drug = {
        "RadiopharmaceuticalStartTime": "090000",
        "RadionuclideTotalDose": DOSE,
        "RadionuclideHalfLife": HALF_LIFE,
    }
    usual = {
        "SOPClassUID": PositronEmissionTomographyImageStorage,
        "RescaleSlope": SLOPE,
        "RescaleIntercept": 0,
        "Units": "BQML",
        "CorrectedImage": ["NORM", "ATTN", "DECY"],
        "DecayCorrection": "START",
        "PatientWeight": WEIGHT,
        "PatientSize": HEIGHT,
        "PatientSex": "F",
        "SeriesDate": "20240131",
        "SeriesTime": "100000",
        "AcquisitionDate": "20240131",
        "AcquisitionTime": f"10{number:02}00",
        "FrameReferenceTime": 0,
        "ActualFrameDuration": 120000,
        "RadiopharmaceuticalInformationSequence": [item(**(usual_drug | (drug or {})))],
    }
    return ct_slice(number, STORED[number - 1], **(usual | attributes))


async def _factor(client: httpx.AsyncClient, *slices: Dataset, values: str = "suv") -> float:
    await store(client, *slices)
    response = await client.get(f"{VOLUME}?values={values}")
    assert response.status_code == 200, response.text
    array = np.load(BytesIO(response.content))
    factors = array / (STORED[: len(array)] * SLOPE)
    assert array.dtype == np.float32
    np.testing.assert_allclose(factors, factors.flat[0], rtol=1e-6)
    return float(factors.flat[0])


async def test_the_dose_decays_from_the_injection_to_the_beginning_of_the_series(
    client: httpx.AsyncClient,
) -> None:
    assert await _factor(client, _pet(1), _pet(2)) == pytest.approx(HOUR_DECAYED, rel=1e-6)


@pytest.mark.parametrize(
    ("drug", "attributes", "factor"),
    [
        pytest.param(
            {"RadiopharmaceuticalStartDateTime": "20240131090000"}, {}, HOUR_DECAYED, id="date and time"
        ),
        pytest.param(
            {"RadiopharmaceuticalStartDateTime": "20240131100000+0200"},
            {"TimezoneOffsetFromUTC": "+0100"},
            HOUR_DECAYED,
            id="another time zone",
        ),
        pytest.param(
            {"RadiopharmaceuticalStartTime": "233000"},
            {"SeriesTime": "003000", "AcquisitionTime": "003000"},
            HOUR_DECAYED,
            id="midnight between them",
        ),
        pytest.param(
            {"RadiopharmaceuticalStartDateTime": "20240128100000", "RadionuclideHalfLife": 282240},
            {},
            1000 * WEIGHT / (DOSE * 2 ** (-3 * 86400 / 282240)),
            id="days before, of a nuclide that lasts",
        ),
        pytest.param({}, {"DecayCorrection": "ADMIN"}, 1000 * WEIGHT / DOSE, id="corrected to the injection"),
        pytest.param({}, {"Units": "GML"}, 1.0, id="SUV already"),
    ],
)
async def test_when_the_dose_was_given_is_understood(
    client: httpx.AsyncClient, drug: dict[str, Any], attributes: dict[str, Any], factor: float
) -> None:
    assert await _factor(client, _pet(1, drug, **attributes)) == pytest.approx(factor, rel=1e-6)


async def test_a_series_time_of_a_later_reconstruction_is_not_believed(client: httpx.AsyncClient) -> None:
    """Siemens writes it anew; the frame then tells how long after the beginning its average was."""
    constant = np.log(2) / HALF_LIFE
    average = np.log(constant * 120 / (1 - np.exp(-constant * 120))) / constant
    slices = [
        _pet(n, SeriesTime="150000", AcquisitionTime=time, FrameReferenceTime=1000 * (after + average))
        for n, time, after in ((1, "100000", 0), (2, "100300", 180))
    ]

    assert await _factor(client, *slices) == pytest.approx(HOUR_DECAYED, rel=1e-6)


async def test_ge_says_when_the_scan_began(client: httpx.AsyncClient) -> None:
    data_set = _pet(1, SeriesTime="150000")
    block = data_set.private_block(0x0009, "GEMS_PETD_01", create=True)
    block.add_new(0x0D, "DT", "20240131100000.00")

    assert await _factor(client, data_set) == pytest.approx(HOUR_DECAYED, rel=1e-6)


@pytest.mark.parametrize(
    ("element", "value", "factor"), [(0x00, "0.0005", 0.0005), (0x09, "2", 2 * HOUR_DECAYED)]
)
async def test_philips_says_what_counts_are(
    client: httpx.AsyncClient, element: int, value: str, factor: float
) -> None:
    data_set = _pet(1, Units="CNTS")
    block = data_set.private_block(0x7053, "Philips PET Private Group", create=True)
    block.add_new(element, "DS", value)

    assert await _factor(client, data_set) == pytest.approx(factor, rel=1e-6)


async def test_lean_mass_and_body_surface_stand_in_place_of_the_weight(client: httpx.AsyncClient) -> None:
    lean = 9270 * WEIGHT / (8780 + 244 * WEIGHT / HEIGHT**2)
    surface = 0.007184 * WEIGHT**0.425 * 180**0.725 * 10_000

    assert await _factor(client, _pet(1), values="suv-lbm") == pytest.approx(
        HOUR_DECAYED * lean / WEIGHT, rel=1e-6
    )
    response = await client.get(f"{VOLUME}?values=suv-bsa")
    np.testing.assert_allclose(
        np.load(BytesIO(response.content))[0],
        STORED[0] * SLOPE * HOUR_DECAYED * surface / (1000 * WEIGHT),
        rtol=1e-6,
    )


@pytest.mark.parametrize(
    ("drug", "attributes", "reason"),
    [
        ({}, {"PatientWeight": None}, "Weight"),
        ({}, {"PatientWeight": 0}, "Weight"),
        ({"RadionuclideTotalDose": None}, {}, "Total Dose"),
        ({"RadionuclideHalfLife": None}, {}, "Half Life"),
        ({"RadiopharmaceuticalStartTime": None}, {}, "Start Time"),
        ({"RadiopharmaceuticalStartDateTime": "20240101090000"}, {}, "24 hours"),
        ({"RadiopharmaceuticalStartDateTime": "20240131110000"}, {}, "24 hours"),
        ({"RadiopharmaceuticalStartTime": "100030"}, {}, "before the scan"),  # dynamic: not of the day before
        ({"RadionuclideHalfLife": 76}, {}, "0.422 hours"),  # rubidium: none is left
        ({}, {"SeriesTime": "150000", "FrameReferenceTime": "1e20"}, "make sense"),
        ({"RadionuclideHalfLife": "1e-320"}, {"SeriesTime": "150000", "FrameReferenceTime": 1}, "SUV"),
        ({"RadionuclideTotalDose": "1e-320"}, {}, "make sense"),
        ({"RadionuclideHalfLife": 282240}, {}, "Start DateTime"),  # zirconium: on which day?
        ({}, {"DecayCorrection": "NONE"}, "Decay Correction"),
        ({}, {"CorrectedImage": ["ATTN"]}, "DECY"),
        ({}, {"CorrectedImage": ["DECY"]}, "ATTN"),
        ({}, {"Units": "CNTS"}, "Philips"),
        ({}, {"Units": "PROPCPS"}, "Units"),
        ({}, {"Units": "GML", "SUVType": "LBM"}, "SUV Type"),
        ({}, {"AcquisitionTime": None}, "Acquisition"),
        ({}, {"SeriesTime": "150000", "FrameReferenceTime": None}, "Series Time"),
        ({}, {"SeriesTime": "150000"}, "Frame Reference Time"),  # which is 0: nobody filled it in
        ({}, {"RadiopharmaceuticalInformationSequence": [item(), item()]}, "one item"),
        ({}, {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"}, "PET"),
    ],
)
async def test_where_it_cannot_be_known_the_reason_is_told(
    client: httpx.AsyncClient, drug: dict[str, Any], attributes: dict[str, Any], reason: str
) -> None:
    await store(client, _pet(1, drug, **attributes))

    response = await client.get(f"{VOLUME}?values=suv")

    assert response.status_code == 409
    assert reason in response.json()["message"]


async def test_a_frame_alone_has_the_same_suv_as_in_its_series(client: httpx.AsyncClient) -> None:
    """Alone it would not tell that its series time is after an acquisition."""
    await store(
        client,
        _pet(1, SeriesTime="100130", FrameReferenceTime=120_000),
        _pet(2, SeriesTime="100130", FrameReferenceTime=180_000),
    )

    of_series = await client.get(f"{VOLUME}?values=suv")
    of_frame = await client.get(f"{SERIES}/instances/1.1.1.2/frames/1/pixels?values=suv")

    volume, frame = (np.load(BytesIO(answer.content)) for answer in (of_series, of_frame))
    np.testing.assert_array_equal(volume[1], frame)


async def test_images_that_disagree_on_when_the_series_began_have_none(client: httpx.AsyncClient) -> None:
    await store(
        client, _pet(1, SeriesTime="150000"), _pet(2, SeriesTime="150000", FrameReferenceTime=600_000)
    )

    assert (await client.get(f"{VOLUME}?values=suv")).status_code == 409
