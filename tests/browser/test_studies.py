"""The list of studies in a browser: search as you type, uploads, deleting."""

import re
from pathlib import Path

from playwright.async_api import Page, Route, expect

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


async def _upload(page: Page, *files: Path) -> None:
    if await page.locator(".drop").is_hidden():
        await page.get_by_role("button", name="Upload").click()
    await page.get_by_label("Choose files").set_input_files(files)


async def test_files_are_uploaded_and_those_refused_are_listed_with_the_reason(
    page: Page, site: str, tmp_path: Path
) -> None:
    good, bad = tmp_path / "good.dcm", tmp_path / "<b>bad.txt"
    good.write_bytes(part10(ct_image("7.8.9", PatientName="New^Nina")))
    bad.write_bytes(b"no DICOM at all")

    await _upload(page, good, bad)

    await expect(page.locator("[data-summary]")).to_have_text("2 of 2 files: 1 stored, 1 refused")
    await expect(page.locator("[data-refused] summary")).to_have_text("1 refused")
    await expect(page.locator(".refused li")).to_contain_text("<b>bad.txt")
    await expect(page.locator(".refused small")).to_contain_text("not a DICOM file")
    await expect(page.locator(".rows")).to_contain_text("New, Nina")
    assert (await page.request.get(f"{site}dicom-web/studies/7")).status == 200


async def test_what_was_stored_with_a_warning_stands_apart_from_what_was_refused(
    page: Page, tmp_path: Path
) -> None:
    contents = {
        "good": part10(ct_image("7.8.1")),
        "warned": part10(ct_image("7.8.2")).replace(b"20240131", b"20249999"),
        "bad": b"no DICOM at all",
        "worse": b"nor this",
    }
    for name, content in contents.items():
        (tmp_path / name).write_bytes(content)

    await _upload(page, *(tmp_path / name for name in contents))

    await expect(page.locator("[data-summary]")).to_have_text(
        "4 of 4 files: 2 stored, 1 of them with a warning, 2 refused"
    )
    await expect(page.locator("[data-refused] summary")).to_have_text("2 refused")
    await expect(page.locator(".refused li")).to_contain_text("badworse")
    await page.get_by_text("1 stored with a warning").click()
    await expect(page.locator(".warned p")).to_have_text("warned")
    await expect(page.locator(".warned small")).to_contain_text("StudyDate")


async def test_the_panel_leads_to_the_study_and_can_be_closed(page: Page, tmp_path: Path) -> None:
    for number in range(3):
        content = part10(ct_image(f"{7 + number // 2}.8.{number}", PatientName="New^Nina"))
        (tmp_path / f"{number}.dcm").write_bytes(content)

    await _upload(page, *(tmp_path / f"{number}.dcm" for number in range(3)))

    await expect(page.get_by_role("link", name="Open study")).to_have_count(2)
    await page.get_by_role("button", name="Close").click()
    await expect(page.locator("[data-panel]")).to_be_hidden()
    await _upload(page, tmp_path / "0.dcm")
    await expect(page.locator("[data-summary]")).to_have_text("1 of 1 files: 1 stored")
    await page.get_by_role("link", name="Open study").click()
    await expect(page.get_by_role("heading", name="New, Nina")).to_be_visible()


async def test_after_an_upload_what_was_added_last_is_on_top(page: Page, tmp_path: Path) -> None:
    (tmp_path / "old.dcm").write_bytes(
        part10(ct_image("7.8.9", PatientName="New^Nina", StudyDate="19700101"))
    )

    await _upload(page, tmp_path / "old.dcm")

    await expect(page.locator(".row").first).to_contain_text("New, Nina")
    await expect(page.get_by_label("Sort by")).to_have_value("added")
    await expect(page).to_have_url(re.compile(r"sort=added"))
    await page.get_by_label("Sort by").select_option("name")
    await expect(page.locator(".row").first).to_contain_text("Doe, Jane")
    await expect(page.locator(".count")).to_have_text("3 studies")


async def test_names_begin_at_the_left_of_their_column(page: Page) -> None:
    patient = page.locator(".row").first.locator(".who")

    edges = [
        await place.evaluate("e => e.getBoundingClientRect().left")
        for place in (patient, patient.locator("strong"))
    ]

    assert edges[0] == edges[1]


async def test_a_folder_of_many_files_goes_in_few_requests_and_one_that_fails_ends_no_other(
    page: Page, site: str, tmp_path: Path
) -> None:
    folder = tmp_path / "export"
    folder.mkdir()
    for number in range(230):
        (folder / f"{number:03}.dcm").write_bytes(part10(ct_image(f"7.8.{number}")))
    (folder / ".DS_Store").write_bytes(b"")
    (folder / "DICOMDIR").write_bytes(b"of a disc")
    sizes: list[int] = []

    async def once_refused(route: Route) -> None:
        sizes.append(int(route.request.headers.get("content-length", 0)))
        if len(sizes) == 2:
            await route.fulfill(status=413, body="")
        else:
            await route.continue_()

    await page.route("**/dicom-web/studies", once_refused)
    await page.get_by_role("button", name="Upload").click()
    await page.get_by_label("Choose a folder").set_input_files(folder)

    await expect(page.locator("[data-summary]")).to_have_text("230 of 230 files: 230 stored, 2 passed over")
    assert len(sizes) == 5 + 50
    response = await page.request.get(f"{site}dicom-web/studies/7/instances?limit=1000")
    assert len(await response.json()) == 230


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
    (tmp_path / "export" / "README").write_bytes(b"no DICOM at all")

    await _drop(page, tmp_path / "export")

    await expect(page.locator("[data-summary]")).to_have_text("2 of 2 files: 1 stored, 1 refused")
    await expect(page.locator(".refused li")).to_contain_text("export/README")
    await expect(page.locator(".rows")).to_contain_text("New, Nina")


async def _drop(page: Page, place: Path) -> None:
    """Drop a file or folder as a person does: Playwright has no words for it."""
    session = await page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(place)], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        await session.send("Input.dispatchDragEvent", {"type": kind, "x": 600, "y": 300, "data": data})


async def test_deleting_is_asked_for_twice(page: Page, site: str) -> None:
    await page.get_by_role("link", name="Roe, Richard").click()
    await page.wait_for_url(f"{site}browse/3")
    await expect(page.locator(".thumb.loaded")).to_have_count(1)  # none is awaited when its study goes

    await page.get_by_role("button", name="Delete study").click()
    await page.get_by_role("button", name="Keep it").click()

    assert (await page.request.get(f"{site}dicom-web/studies/3/metadata")).status == 200

    await page.get_by_role("button", name="Delete study").click()
    await page.get_by_role("button", name="Delete", exact=True).click()

    await expect(page).to_have_url(site)
    await expect(page.locator(".row")).to_have_count(1)
    assert (await page.request.get(f"{site}dicom-web/studies/3/metadata")).status == 404
