"""A series in a browser: what is told when it makes no volume."""

import httpx
from playwright.async_api import Browser, expect

from tests.browser.conftest import DICOM
from tests.builders import ct_image, part10
from tests.waiting import PATIENCE


async def test_a_series_of_two_volumes_is_told_with_a_link_to_each(browser: Browser, site: str) -> None:
    async with httpx.AsyncClient(base_url=site, headers=DICOM, timeout=PATIENCE) as client:
        for number in range(4):
            slice_ = ct_image(
                f"7.8.{number + 1}",
                EchoNumbers=number % 2 + 1,
                ImagePositionPatient=[0, 0, number // 2],
                ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
                PixelSpacing=[1, 1],
            )
            (await client.post("dicom-web/studies", content=part10(slice_))).raise_for_status()
    async with await browser.new_context() as context:
        context.set_default_timeout(1000 * PATIENCE)
        page = await context.new_page()
        await page.goto(f"{site}browse/7/7.8")

        await page.get_by_role("link", name="Download as NIfTI").click()

        refusal = page.get_by_role("alert")
        await expect(refusal).to_contain_text("4 slices do not fit into one volume")
        async with page.expect_download() as download:
            await refusal.get_by_role("link", name="EchoNumbers 2").click()
        assert (await download.value).suggested_filename == "7.8.nii.gz"
