"""What a user of OHIF gives back: measurements as SR, files."""

from io import BytesIO

import httpx
import pydicom

from tests.builders import ct_image, part10
from tests.viewer.ohif import Ohif, until
from tests.viewer.phantoms import BRAIN

_SR = "1.2.840.10008.5.1.4.1.1.88."  # what the UIDs of all structured reports begin with


async def test_a_saved_measurement_can_be_opened_again(ohif: Ohif, phantoms: httpx.Client) -> None:
    await ohif.open_study(BRAIN)
    assert await until(lambda: ohif.shows_as_rendered(phantoms))

    await _draw_a_length(ohif)
    await ohif.page.locator("[data-cy=trackedMeasurements-btn]").click()
    length = await ohif.page.locator("[data-cy=data-row-details-primary]").inner_text()
    await ohif.button("Create SR").click()
    await ohif.button("Save").click()
    assert await until(lambda: _was_stored(ohif))
    await ohif.open_study(BRAIN)
    await ohif.open_series("Create Report")
    await ohif.button("Yes").click()
    await ohif.page.locator("[data-cy=trackedMeasurements-btn]").click()

    assert length.endswith("mm")
    await ohif.page.locator("[data-cy=data-row-details-primary]", has_text=length).wait_for()
    assert _reports(phantoms)[0].ContentSequence


async def test_files_can_be_uploaded(ohif: Ohif, phantoms: httpx.Client) -> None:
    await ohif.list_studies()
    file = {
        "name": "ct.dcm",
        "mimeType": "application/dicom",
        "buffer": part10(ct_image("2.2.1", PatientName="Loaded^Up", PatientID="PH-9")),
    }

    await ohif.button("Upload").click()
    await ohif.page.locator("[role=dialog] input[type=file]").first.set_input_files(file)

    assert await until(lambda: _was_stored(ohif))
    assert len(phantoms.get("/studies?PatientID=PH-9").json()) == 1
    phantoms.delete("/studies/2").raise_for_status()


async def _draw_a_length(ohif: Ohif) -> None:
    await ohif.page.locator("[data-cy=Length-btn]").click()
    box = await ohif.page.locator("[data-cy=viewport-pane]").bounding_box()
    assert box is not None
    x, y, mouse = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, ohif.page.mouse
    await mouse.move(x - 80, y)
    await mouse.down()
    await mouse.move(x, y - 30, steps=5)
    await mouse.move(x + 80, y - 60, steps=5)
    await mouse.up()
    await ohif.button("Yes").click()


async def _was_stored(ohif: Ohif) -> bool:
    return any(one.method == "POST" for one in ohif.exchanges)


def _reports(client: httpx.Client) -> list[pydicom.Dataset]:
    found = client.get(f"/studies/2.25.{BRAIN}/instances?Modality=SR").json()
    urls = (one["00081190"]["Value"][0] for one in found if one["00080016"]["Value"][0].startswith(_SR))
    files = (client.get(url, headers={"accept": "application/dicom"}).content for url in urls)
    return [pydicom.dcmread(BytesIO(file)) for file in files]
