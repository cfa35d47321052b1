"""The list of studies follows the archive while somebody looks at it."""

import httpx
from playwright.async_api import Page, expect

from tests.browser.conftest import store
from tests.builders import ct_image, part10
from tests.serving import client_of


async def test_what_arrives_and_goes_is_seen_without_a_search_and_nothing_else_moves(
    page: Page, site: str
) -> None:
    async with page.expect_response("**/changefeed*"):  # it begins with what comes after that
        await page.reload()
    await page.get_by_role("searchbox").fill("doe")
    first = page.locator(".row", has_text="Doe, Jane").first
    await expect(page.locator(".row")).to_have_count(1)
    await first.focus()
    await first.evaluate("row => (row.dataset.mark = 'the same one')")

    with client_of(f"{site}dicom-web") as client:
        store(client, part10(ct_image("7.8.9", PatientName="Doe^Nina")))
        store(client, part10(ct_image("8.8.9", PatientName="Roe^Rita")))
        await expect(page.locator(".row")).to_have_count(2)
        await expect(page.locator(".thumb.loaded")).to_have_count(2)  # none is awaited when its study goes
        store(client, part10(ct_image("1.2.99", StudyDescription="Chest")))
        await expect(first).to_contain_text("6 instances")
        delete(client, "7")
        await expect(page.locator(".row")).to_have_count(1)

    await expect(first).to_be_focused()
    await expect(first).to_have_attribute("data-mark", "the same one")
    await expect(page.get_by_role("searchbox")).to_have_value("doe")
    await expect(page.locator(".count")).to_have_text("1 study")


def delete(client: httpx.Client, study: str) -> None:
    assert client.delete(f"studies/{study}").status_code == 204
