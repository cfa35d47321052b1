"""The list of studies in a browser: search as you type, uploads, deleting."""

import re
from pathlib import Path

from playwright.async_api import Page, expect

from tests.builders import ct_image, part10


async def test_the_list_shows_what_matches_while_it_is_typed(page: Page) -> None:
    await expect(page.locator(".row")).to_have_count(2)

    await page.get_by_role("searchbox").press_sequentially("roe")

    await expect(page.locator(".row")).to_have_count(1)
    await expect(page.locator(".row")).to_contain_text("Roe, Richard")
    await expect(page).to_have_url(re.compile(r"/\?q=roe$"))


async def test_a_slash_leads_to_the_search(page: Page) -> None:
    await page.keyboard.press("/")
    await page.keyboard.type("chest")

    await expect(page.locator(".row")).to_have_count(1)
    await expect(page.locator(".row")).to_contain_text("Doe, Jane")


async def test_arrow_keys_lead_from_the_search_into_the_rows(page: Page) -> None:
    await page.keyboard.press("/")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")

    await expect(page.locator(".row").nth(1)).to_be_focused()


async def test_files_are_uploaded_and_those_refused_are_listed_with_the_reason(
    page: Page, site: str, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.dcm", tmp_path / "<b>bad.txt"
    good.write_bytes(part10(ct_image("7.8.9", PatientName="New^Nina")))
    bad.write_bytes(b"no DICOM at all")

    await page.get_by_role("button", name="Upload").click()
    await page.get_by_label("Choose files").set_input_files([good, bad])

    await expect(page.locator("[data-summary]")).to_have_text("2 of 2 files: 1 stored, 1 refused")
    await expect(page.locator(".refused li")).to_contain_text("<b>bad.txt")
    await expect(page.locator(".refused small")).to_contain_text("not a DICOM file")
    await expect(page.locator(".rows")).to_contain_text("New, Nina")
    assert (await page.request.get(f"{site}dicom-web/studies/7")).status == 200


async def test_a_folder_is_uploaded_with_all_that_is_below_it(page: Page, site: str, tmp_path: Path) -> None:
    for number in range(1, 9):
        inner = tmp_path / "export" / str(number % 3)
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"{number}.dcm").write_bytes(part10(ct_image(f"7.8.{number}", PatientName="New^Nina")))

    await page.get_by_role("button", name="Upload").click()
    await page.get_by_label("Choose a folder").set_input_files(tmp_path / "export")

    await expect(page.locator("[data-summary]")).to_have_text("8 of 8 files: 8 stored")
    await expect(page.locator(".rows")).to_contain_text("8 instances")
    response = await page.request.get(f"{site}dicom-web/studies/7/instances")
    assert len(await response.json()) == 8


async def test_what_is_dropped_is_uploaded_whatever_is_in_it(page: Page, tmp_path: Path) -> None:
    (tmp_path / "export" / "inner").mkdir(parents=True)
    (tmp_path / "export" / "inner" / "1.dcm").write_bytes(part10(ct_image("7.8.9", PatientName="New^Nina")))
    (tmp_path / "export" / "DICOMDIR").write_bytes(b"no DICOM at all")

    await _drop(page, tmp_path / "export")

    await expect(page.locator("[data-summary]")).to_have_text("2 of 2 files: 1 stored, 1 refused")
    await expect(page.locator(".refused li")).to_contain_text("export/DICOMDIR")
    await expect(page.locator(".rows")).to_contain_text("New, Nina")


async def _drop(page: Page, place: Path) -> None:
    """Drop a file or folder as a person does: Playwright has no words for it."""
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(place)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 300, "data": data})


async def test_deleting_is_asked_for_twice(page: Page, site: str) -> None:
    await page.get_by_role("link", name="Roe, Richard").click()

    await page.get_by_role("button", name="Delete study").click()
    await page.get_by_role("button", name="Keep it").click()

    assert (await page.request.get(f"{site}dicom-web/studies/3/metadata")).status == 200

    await page.get_by_role("button", name="Delete study").click()
    await page.get_by_role("button", name="Delete", exact=True).click()

    await expect(page).to_have_url(site)
    await expect(page.locator(".row")).to_have_count(1)
    assert (await page.request.get(f"{site}dicom-web/studies/3/metadata")).status == 404
