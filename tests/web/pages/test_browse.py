"""From a study to a series to an instance."""

import re

import httpx
import numpy as np
import pytest

from tests.builders import ct_image, part10
from tests.pixels.images import packaged
from tests.web.messages import DICOM
from tests.web.pages.conftest import SITE, Read
from tests.web.pages.html import Reader
from tests.web.service import image, instance, stored, video

STUDY, SERIES = "/browse/1.2.3", "/browse/1.2.3/1.2.3.4"
MP4 = b"\x00\x00\x00\x18ftypmp42" + bytes(200)
H264, UNDECODED = "1.2.840.10008.1.2.4.102", "1.2.840.10008.1.2.4.94"


async def _three(client: httpx.AsyncClient, **attributes: object) -> None:
    for number in (3, 1, 2):
        await stored(client, image(np.zeros((8, 8), np.uint8), number, **attributes))


async def test_a_study_shows_its_series(client: httpx.AsyncClient, read: Read) -> None:
    await stored(client, instance(1, SeriesDescription="Scout", SeriesNumber=1))
    await stored(client, instance(2, SeriesInstanceUID="1.2.3.5", SeriesDescription="Lung", SeriesNumber=2))

    page = await read(STUDY)

    assert "Doe, Jane" in page.text
    assert page.text.index("Scout") < page.text.index("Lung")
    assert page.link("1.2.3.5/thumbnail").startswith("../dicom-web/studies/1.2.3/series/1.2.3.5/thumbnail?")


async def test_a_series_shows_its_instances_in_the_order_of_their_numbers(
    client: httpx.AsyncClient, read: Read
) -> None:
    await _three(client)

    page = await read(SERIES)

    links = [link for link in page.links if link.startswith("../../browse/1.2.3/1.2.3.4/")]
    assert [link[-1] for link in links] == ["1", "2", "3"]
    assert "1 8 × 8 2 8 × 8 3 8 × 8" in page.text


async def test_a_picture_has_the_other_series_of_its_study_beside_it(
    client: httpx.AsyncClient, read: Read
) -> None:
    for number in (1, 2, 3):
        await stored(client, image(np.zeros((8, 8), np.uint8), number, SeriesDescription="Lung"))
    other = image(np.zeros((4, 8, 8), np.uint8), 4, SeriesInstanceUID="1.2.3.5", SeriesDescription="Scout")
    await stored(client, other)

    page = await read(f"{SERIES}/1.2.3.4.1")
    lung, scout = [
        (await client.get(f"{SITE}{series}/picture")).headers["location"]
        for series in (SERIES, f"{STUDY}/1.2.3.5")
    ]

    assert {f"../../../browse/1.2.3/{series}/picture" for series in ("1.2.3.4", "1.2.3.5")} <= set(page.links)
    assert "OT Lung OT Scout" in page.text
    assert (lung, scout) == ("1.2.3.4.2", "1.2.3.4.4?frame=2")


async def test_a_study_and_its_series_tell_how_large_their_files_are(
    client: httpx.AsyncClient, read: Read
) -> None:
    await stored(client, image(np.zeros((300, 1024), np.uint8), 1))
    await stored(client, image(np.zeros((200, 1024), np.uint8), 2, SeriesInstanceUID="1.2.3.5"))

    assert re.search(r"2 series, 2 instances, 50[0-9] kB", (await read(STUDY)).text)
    assert re.search(r"Size 30[0-9] kB", (await read(SERIES)).text)


async def test_a_series_with_pictures_can_be_had_as_volume_and_any_as_table(
    client: httpx.AsyncClient, read: Read
) -> None:
    await _three(client)
    await stored(client, instance(4, SeriesInstanceUID="1.2.3.5"))

    series, without = await read(SERIES), await read(f"{STUDY}/1.2.3.5")

    assert series.link("/volume?").endswith("/series/1.2.3.4/volume?accept=application/gzip")
    assert series.link("text/csv").endswith("/series/1.2.3.4/instances?accept=text/csv")
    assert not [link for link in without.links if "/volume" in link]
    assert without.link("text/csv").endswith("/series/1.2.3.5/instances?accept=text/csv")
    assert (await read(STUDY)).link("text/csv").endswith("/studies/1.2.3/series?accept=text/csv")


async def test_letters_are_on_a_picture_without_scripts(client: httpx.AsyncClient, read: Read) -> None:
    await stored(client, image(np.zeros((8, 8), np.uint8), ImageOrientationPatient=[0, 1, 0, 0, 0, -1]))

    page = await read(f"{SERIES}/1.2.3.4.1")

    assert "Left edge: A Right edge: P Top edge: H Bottom edge: F" in page.text


async def test_a_stack_is_what_a_script_scrolls_through(client: httpx.AsyncClient) -> None:
    await _three(client)

    answer = await client.get(f"{SITE}{SERIES}/stack")

    assert answer.json() == [["1.2.3.4.1", 1], ["1.2.3.4.2", 1], ["1.2.3.4.3", 1]]


async def test_a_picture_leads_to_the_ones_before_and_after_it(client: httpx.AsyncClient, read: Read) -> None:
    await _three(client)

    page = await read(f"{SERIES}/1.2.3.4.2")

    assert "2 of 3" in page.text
    assert {"1.2.3.4.1?frame=1", "1.2.3.4.3?frame=1"} <= set(page.links)


async def test_the_frames_of_an_instance_are_steps_too(client: httpx.AsyncClient, read: Read) -> None:
    await stored(client, image(np.zeros((3, 8, 8), np.uint8)))

    page = await read(f"{SERIES}/1.2.3.4.1?frame=2&window=lung")

    assert "1 of 1, frame 2 of 3" in page.text
    assert {"?frame=1&window=lung", "?frame=3&window=lung"} <= set(page.links)
    assert page.link("/frames/2/rendered").endswith("?accept=image/jpeg&window=lung")


@pytest.mark.parametrize(
    ("query", "window"),
    [
        ("window=bone", "bone"),
        ("window=40,400,linear", "40,400,linear"),
        ("center=40&width=80", "40,80,linear"),
    ],
)
async def test_a_window_can_be_asked_for_without_scripts(
    client: httpx.AsyncClient, read: Read, query: str, window: str
) -> None:
    await _three(client, Modality="CT")

    page = await read(f"{SERIES}/1.2.3.4.1?{query}")

    assert page.link("/rendered?").endswith(f"&window={window}")
    assert "?frame=1&window=soft-tissue" in page.links


async def test_presets_are_for_hounsfield_units_alone(client: httpx.AsyncClient, read: Read) -> None:
    await _three(client, Modality="MR")

    assert not [link for link in (await read(f"{SERIES}/1.2.3.4.1")).links if "window=" in link]


async def test_a_colour_picture_has_no_window(client: httpx.AsyncClient, read: Read) -> None:
    await stored(client, image(np.zeros((8, 8, 3), np.uint8)))

    page = await read(f"{SERIES}/1.2.3.4.1?window=lung")

    assert not page.link("/rendered?").endswith("window=lung")
    assert "Histogram" not in page.text


async def test_a_large_picture_comes_in_a_size_that_a_screen_can_show(
    client: httpx.AsyncClient, read: Read
) -> None:
    await stored(client, image(np.zeros((2, 2000), np.uint8)))

    assert (await read(f"{SERIES}/1.2.3.4.1")).link("/rendered?").endswith("viewport=1024,1024")


@pytest.mark.parametrize("query", ["frame=0", "frame=x", "frame=2", "window=x", "center=1&width=0"])
async def test_a_picture_that_cannot_be_is_refused_in_the_stage_of_its_page(
    client: httpx.AsyncClient, query: str
) -> None:
    await _three(client)

    answer = await client.get(f"{SITE}{SERIES}/1.2.3.4.1?{query}")

    page = Reader(answer.text)
    assert answer.status_code in (400, 404)
    assert re.search(r"(Expected|expected|No frame 2: the instance has) .*\. Try again", page.text)
    assert "1 of 3" in page.text
    assert page.link("/rendered?").endswith("/frames/1/rendered?accept=image/jpeg")


async def test_a_window_narrower_than_1_is_exact(client: httpx.AsyncClient, read: Read) -> None:
    await _three(client)

    page = await read(f"{SERIES}/1.2.3.4.1?center=0.5&width=0.25")

    assert page.link("/rendered?").endswith("&window=0.5,0.25,linear-exact")


async def test_a_video_is_played(client: httpx.AsyncClient, read: Read) -> None:
    await stored(client, video(MP4, H264))

    page = await read(f"{SERIES}/1.2.3.4.1")

    assert "video" in page.tags
    assert (
        page.link("/rendered")
        == "../../../dicom-web/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.1/rendered"
    )


async def test_a_pdf_and_a_report_are_shown_as_what_they_are(client: httpx.AsyncClient, read: Read) -> None:
    document = {"EncapsulatedDocument": b"%PDF-1.7", "MIMETypeOfEncapsulatedDocument": "application/pdf"}
    await stored(client, instance(1, **document))
    report = packaged("reportsi.dcm")
    path = await stored(client, report)

    pdf = await read(f"{SERIES}/1.2.3.4.1")
    sr = await read(path.replace("studies", "browse").replace("series/", "").replace("instances/", ""))

    assert pdf.link("rendered?").endswith("accept=application/pdf")
    assert "object" in pdf.tags
    assert sr.link("rendered?").endswith("accept=text/html")
    assert "iframe" in sr.tags


async def test_what_cannot_be_shown_says_why_and_has_its_attributes(
    client: httpx.AsyncClient, read: Read
) -> None:
    await stored(client, video(b"a code stream", UNDECODED))
    await stored(client, instance(2))

    broken, without = await read(f"{SERIES}/1.2.3.4.1"), await read(f"{SERIES}/1.2.3.4.2")

    assert f"transfer syntax {UNDECODED} are not decoded here" in broken.text
    assert "There is no picture of this instance" in without.text
    assert "(0010,0010) PN PatientName Doe^Jane" in without.text


async def test_an_image_whose_pixels_are_not_there_has_its_attributes(
    client: httpx.AsyncClient, read: Read
) -> None:
    large = ct_image("1.2.3", Rows=40000, Columns=40000)
    await client.post("/studies", content=part10(large), headers=DICOM)

    page = await read("/browse/1/1.2/1.2.3")

    assert "There is no picture of this instance" in page.text
    assert "(0028,0010) US Rows 40000" in page.text
