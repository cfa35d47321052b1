"""Segmentations, structure sets and what is no image, opened in OHIF."""

import imagecodecs
import numpy as np

from tests.viewer.ohif import Ohif
from tests.viewer.phantom_images import TILES
from tests.viewer.phantoms import CHEST, NODULE, REPORTS, SIZE, SLIDE, SPACING
from tests.waiting import until

_NATIVE = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"
_TILES = {str(number) for number in range(1, TILES**2 + 1)}
_COLOURS = 12  # distinct ones that a picture has at least


async def test_a_segmentation_lies_over_its_ct(ohif: Ohif) -> None:
    await ohif.open_images(CHEST)

    await ohif.open_series("Nodule")
    await ohif.button("Yes").click()

    assert await until(lambda: _is_red_in_the_nodule(ohif))


async def test_a_structure_set_lies_over_its_ct(ohif: Ohif) -> None:
    await ohif.open_images(CHEST)

    await ohif.open_series("Outlines")
    await ohif.button("Yes").click()

    await ohif.page.locator("svg.svg-layer path[d^=M]").first.wait_for(state="attached")


async def test_a_report_reads(ohif: Ohif) -> None:
    await ohif.open_study(REPORTS)

    await ohif.open_series("Report")

    await ohif.page.get_by_text("A nodule of ellipsoids in the right lung").wait_for()


async def test_a_pdf_is_shown(ohif: Ohif) -> None:
    await ohif.open_study(REPORTS)

    await ohif.open_series("Letter")

    await ohif.page.locator("object[type='application/pdf']").wait_for()
    assert await until(lambda: _was_answered(ohif, "application/pdf"))


async def test_an_ecg_is_drawn(ohif: Ohif) -> None:
    await ohif.open_study(REPORTS)

    await ohif.open_series("Rest")

    assert await until(lambda: _was_answered(ohif, _NATIVE))
    assert await until(lambda: _is_colourful(ohif))


async def test_a_video_plays(ohif: Ohif) -> None:
    await ohif.open_study(REPORTS)

    await ohif.open_series("Test card")

    assert await until(lambda: _was_answered(ohif, "video/mp4"))
    assert await until(lambda: _is_colourful(ohif))


async def test_a_slide_is_put_together_from_its_tiles(ohif: Ohif) -> None:
    await ohif.open_study(SLIDE, "microscopy")

    assert await until(lambda: _is_colourful(ohif))
    assert await until(lambda: _has_every_tile(ohif))


async def _is_red_in_the_nodule(ohif: Ohif) -> bool:
    x, y = (SPACING * (SIZE - 1) / 2 * middle - SPACING / 2 for middle in NODULE[1][:2])
    red, green, _ = (await ohif.levels([[x, y, (await ohif.focal_point())[2]]]))[0]
    return bool(red > green + 40)


async def _was_answered(ohif: Ohif, content_type: str) -> bool:
    return any(exchange.content_type == content_type for exchange in ohif.exchanges)


async def _has_every_tile(ohif: Ohif) -> bool:
    return {
        exchange.path.rpartition("/")[2] for exchange in ohif.exchanges if "/frames/" in exchange.path
    } == _TILES


async def _is_colourful(ohif: Ohif) -> bool:
    """Tell whether the viewport shows many colours, each in more than a few places."""
    picture = imagecodecs.png_decode(await ohif.page.locator("[data-cy=viewport-pane]").screenshot())
    _, counts = np.unique(picture[..., :3].reshape(-1, 3) // 32, axis=0, return_counts=True)
    return bool(np.count_nonzero(counts > 50) >= _COLOURS)
