"""Masks over a picture in a browser: their names and colours, and where they lie."""

import re
from io import BytesIO

import httpx
import numpy as np
import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DICOM
from tests.segmentations import COLUMNS, ROWS, ct_series, segmentation
from tests.waiting import PATIENCE

SHOWN = """([x, y]) => {
    const canvas = document.querySelector("canvas"), box = canvas.getBoundingClientRect();
    if (canvas.hidden) return null;
    const [right, down] = [(x - box.x) * canvas.width / box.width, (y - box.y) * canvas.height / box.height];
    const { data } = canvas.getContext("2d").getImageData(Math.floor(right), Math.floor(down), 1, 1);
    return [...data].slice(0, 3);
}"""


async def test_masks_lie_over_the_picture_with_names_and_colours_and_can_be_hidden(
    page: Page, site: str
) -> None:
    images = ct_series(6)
    labels = np.zeros((6, ROWS, COLUMNS), np.uint8)
    labels[1:5, 2:4, 2:5], labels[2, 4:6, 5:8] = 1, 2  # liver, and in one slice spleen
    async with httpx.AsyncClient(base_url=site, headers=DICOM, timeout=PATIENCE) as client:
        for data_set in (*images, segmentation(images, labels)):
            file = BytesIO()
            data_set.save_as(file, enforce_file_format=True)
            (await client.post("dicom-web/studies", content=file.getvalue())).raise_for_status()
    await page.goto(f"{site}browse/1.1/1.1.1/1.1.1.3")
    await expect(page.get_by_role("slider")).to_be_enabled()
    picture = await page.locator(".stage img").bounding_box()
    assert picture
    height = min(picture["height"], picture["width"] / COLUMNS / 0.8 * ROWS * 0.5)
    step = height / ROWS  # of rows, which are 0.5 mm apart; columns are 0.8
    middle = picture["x"] + picture["width"] / 2, picture["y"] + picture["height"] / 2
    liver, spleen, nothing = (
        (middle[0] + (column - COLUMNS / 2) * step * 1.6, middle[1] + (row - ROWS / 2) * step)
        for column, row in ((3.5, 3.5), (6.5, 4.5), (6.5, 2.5))
    )

    await page.get_by_text("Masks", exact=True).click()

    await page.get_by_label("Spleen").wait_for()
    await page.mouse.move(*spleen)
    await expect(page.locator(".under")).to_have_text(re.compile("^-1024 HU · Spleen · .* col 6, row 4$"))
    assert await page.evaluate(SHOWN, spleen) == pytest.approx([20, 200, 30], abs=2)
    await page.mouse.move(*liver)
    await expect(page.locator(".under")).to_have_text(re.compile("Liver .* col 3, row 3$"))
    await page.mouse.move(*nothing)
    await expect(page.locator(".under")).to_have_text(re.compile("^-1024 HU · x"))
    await page.get_by_label("Liver").uncheck()
    await page.mouse.move(*liver)
    await expect(page.locator(".under")).to_have_text(re.compile("^-1024 HU · x"))
    await page.keyboard.press("End")
    await expect(page.locator(".stage .at")).to_have_text("6 of 6")
    await page.mouse.move(*spleen)
    await expect(page.locator(".under")).to_have_text(re.compile("^-1024 HU · x"))
