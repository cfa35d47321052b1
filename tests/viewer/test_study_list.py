"""What a user of OHIF does first: look for a study."""

from urllib.parse import unquote

import pytest

from tests.viewer.conftest import STUDIES_BESIDE
from tests.viewer.ohif import Ohif
from tests.viewer.phantoms import PATIENTS
from tests.waiting import until

NAME, ID, DESCRIPTION, ACCESSION = 0, 1, 5, 6  # the filters, in the order of their columns
_PER_PAGE = 50


async def _found(ohif: Ohif, query: str, *names: str) -> bool:
    """Tell whether the service was asked so, and these studies are listed. OHIF filters by itself too."""
    is_asked = any(query in unquote(exchange.path) for exchange in ohif.exchanges)
    return is_asked and [row[0] for row in await ohif.rows()] == list(names)


async def test_each_study_is_listed_with_its_modalities_and_counts(ohif: Ohif) -> None:
    await ohif.list_studies()

    rows = {row[0]: row[1:-1] for row in await ohif.rows()}

    assert rows["Phantom, Ada"] == [
        "PH-1", "01-Feb-2024 09:30 AM", "CT\\RTSTRUCT\\SEG", "Chest of ellipsoids", "A1", "66"
    ]  # fmt: skip
    assert rows["Sonar, Carl"][2:] == ["MR\\US", "Ultrasound and enhanced MR", "A3", "2"]
    assert rows["Papers, Dora"][2:] == ["DOC\\ECG\\SR\\XC", "What is no image", "A4", "4"]


@pytest.mark.parametrize(
    ("column", "text", "query", "name"),
    [
        pytest.param(NAME, "ada", "PatientName=*ada*", "Phantom, Ada", id="a part of the name"),
        pytest.param(ID, "PH-2", "00100020=*PH-2*", "Phantom, Berta", id="the ID"),
        pytest.param(DESCRIPTION, "tiles", "StudyDescription=*tiles*", "Slide, Emil", id="the description"),
        pytest.param(ACCESSION, "A3", "AccessionNumber=*A3*", "Sonar, Carl", id="the accession number"),
    ],
)
async def test_a_filter_of_text_finds_its_studies(
    ohif: Ohif, column: int, text: str, query: str, name: str
) -> None:
    await ohif.list_studies()

    await ohif.page.locator("table input").nth(column).fill(text)

    assert await until(lambda: _found(ohif, query, name))


async def test_the_modality_filter_finds_studies_with_that_modality(ohif: Ohif) -> None:
    await ohif.list_studies()

    filter_ = ohif.page.locator("input[role=combobox]")
    await filter_.click()
    await filter_.press_sequentially("SEG")
    await filter_.press("Enter")

    assert await until(lambda: _found(ohif, "ModalitiesInStudy=SEG", "Phantom, Ada"))


async def test_the_date_filter_finds_studies_of_a_time(ohif: Ohif) -> None:
    await ohif.list_studies()

    for end, date in (("start", "2024-03-01"), ("end", "2024-04-30")):
        field = ohif.page.locator(f"[data-cy=input-date-range-{end}]")
        await field.fill(date)
        await field.press("Enter")

    assert await until(lambda: _found(ohif, "StudyDate=20240301-20240430", "Sonar, Carl", "Phantom, Berta"))


async def test_the_pages_of_the_list_hold_every_study_once(ohif: Ohif) -> None:
    await ohif.list_studies()
    total = STUDIES_BESIDE + len(PATIENTS)

    names = [row[0] for row in await ohif.rows()]
    for first in range(_PER_PAGE + 1, total + 1, _PER_PAGE):
        await ohif.page.get_by_label("Next page").click()
        last = min(first + _PER_PAGE - 1, total)
        await ohif.page.get_by_text(f"{first}-{last} of {total}").wait_for()
        names += [row[0] for row in await ohif.rows()]

    assert len(names) == len(set(names)) == total


async def test_a_study_shows_its_series_before_it_is_opened(ohif: Ohif) -> None:
    await ohif.list_studies()

    await ohif.page.get_by_text("Phantom, Ada").click()
    for description in ("Native", "JPEG XL", "Nodule"):
        await ohif.button(description).wait_for()
    assert await until(lambda: _thumbnails(ohif))
    await ohif.button("Basic Viewer").click()

    await ohif.page.wait_for_url("**/viewer/viewer?*StudyInstanceUIDs=2.25.1*")


async def _thumbnails(ohif: Ohif) -> bool:
    return len(ohif.asked_for("/thumbnail?viewport=256%2C256")) == 6
