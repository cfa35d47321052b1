"""What a user of OHIF sees first: the list, the images, and nothing before them."""

from playwright.async_api import expect

from tests.viewer.ohif import Ohif
from tests.viewer.phantoms import CHEST

_BANNER = "investigational use"
_TOUR = ".shepherd-element"


async def test_nothing_lies_over_the_list_at_the_first_visit(ohif: Ohif) -> None:
    await ohif.list_studies()

    await expect(ohif.page.get_by_text(_BANNER)).to_have_count(0)


async def test_neither_banner_nor_tour_lies_over_the_images_at_the_first_visit(ohif: Ohif) -> None:
    await ohif.open_images(CHEST)

    await expect(ohif.page.get_by_text(_BANNER)).to_have_count(0)
    await expect(ohif.page.locator(_TOUR)).to_have_count(0)
    assert await ohif.page.evaluate("localStorage.getItem('shownTours')") is None
