"""What a user of OHIF gives back: measurements as SR, files."""

import json
from io import BytesIO

import pydicom
from playwright.async_api import FilePayload

from tests.builders import ct_image, part10
from tests.viewer.ohif import Ohif
from tests.viewer.phantoms import BRAIN
from tests.waiting import until


async def test_a_saved_measurement_can_be_opened_again(ohif: Ohif) -> None:
    await ohif.open_images(BRAIN)

    await _draw_a_length(ohif)
    await ohif.page.locator("[data-cy=trackedMeasurements-btn]").click()
    length = await ohif.page.locator("[data-cy=data-row-details-primary]", has_text="mm").inner_text()
    await ohif.button("Create SR").click()
    await ohif.button("Save").click()
    assert await until(lambda: _was_stored(ohif))
    await ohif.open_study(BRAIN)
    await ohif.open_series("Create Report")
    await ohif.button("Yes").click()
    await ohif.page.locator("[data-cy=trackedMeasurements-btn]").click()

    assert length.endswith("mm")
    await ohif.page.locator("[data-cy=data-row-details-primary]", has_text=length).wait_for()
    assert (await _report(ohif)).ContentSequence


async def test_files_can_be_uploaded(ohif: Ohif) -> None:
    await ohif.list_studies()
    content = part10(ct_image("2.2.1", PatientName="Loaded^Up", PatientID="PH-9"))
    file = FilePayload(name="ct.dcm", mimeType="application/dicom", buffer=content)

    await ohif.button("Upload").click()
    await ohif.page.locator("[role=dialog] input[type=file]").first.set_input_files(file)

    assert await until(lambda: _was_stored(ohif))
    assert len(json.loads(await ohif.get("/studies?PatientID=PH-9"))) == 1
    assert (await ohif.page.request.delete(f"{ohif.base_url}/studies/2")).ok


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
    return any(exchange.method == "POST" for exchange in ohif.exchanges)


async def _report(ohif: Ohif) -> pydicom.Dataset:
    """Return the structured report that was saved."""
    reports = json.loads(await ohif.get(f"/studies/2.25.{BRAIN}/instances?Modality=SR"))
    url = reports[0]["00081190"]["Value"][0].removeprefix(ohif.base_url)
    return pydicom.dcmread(BytesIO(await ohif.get(f"{url}?accept=application/dicom")))
