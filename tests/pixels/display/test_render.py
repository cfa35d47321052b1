from typing import Any

import imagecodecs
import numpy as np
import pytest

from service.errors import InvalidParameter, NotRenderable
from service.pixels.codecs.decode import decoded
from service.pixels.description import ImageDescription, describe
from service.pixels.display.render import RENDERED_MEDIA_TYPES, RenderOptions
from service.pixels.display.render import render as render_decoded
from service.pixels.display.viewport import Region, Viewport
from service.pixels.window import Window
from tests.pixels.images import described, packaged, selected

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
PNG = RenderOptions("image/png")
SIGNATURES = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG",
    "image/gif": b"GIF8",
    "image/jp2": b"\0\0\0\x0cjP  ",
}


def render(frame: bytes, description: ImageDescription, options: RenderOptions) -> bytes:
    return render_decoded(decoded(frame, EXPLICIT_VR_LITTLE_ENDIAN, description), description, options)


@pytest.mark.parametrize("media_type", RENDERED_MEDIA_TYPES)
def test_a_frame_becomes_an_image_file_of_the_media_type(media_type: str) -> None:
    dataset = packaged("CT_small.dcm")

    rendered = render(dataset.PixelData, describe(selected(dataset)), RenderOptions(media_type))

    assert rendered.startswith(SIGNATURES[media_type])


def test_jpeg_is_what_is_made_unless_asked_otherwise() -> None:
    assert RENDERED_MEDIA_TYPES[0] == RenderOptions().media_type == "image/jpeg"


def test_the_window_is_applied_before_the_viewport() -> None:
    stripes = np.tile(np.array([0, 4000], "<u2"), (8, 4))
    options = RenderOptions("image/png", Window(1000, 1), Viewport(4, 4))

    rendered = render(stripes.tobytes(), described(rows=8, columns=8), options)

    assert set(imagecodecs.png_decode(rendered).ravel().tolist()) == {128}


def test_window_viewport_and_flip_work_together() -> None:
    dataset = packaged("CT_small.dcm")
    options = RenderOptions("image/png", Window(40, 400), Viewport(32, 16, Region(10, 20, -32, 16)))

    rendered = imagecodecs.png_decode(render(dataset.PixelData, describe(selected(dataset)), options))

    values = dataset.pixel_array[20:36, 10:42][:, ::-1] * float(dataset.RescaleSlope) + float(
        dataset.RescaleIntercept
    )
    np.testing.assert_allclose(rendered, 255 * np.clip((values - 39.5) / 399 + 0.5, 0, 1), atol=0.5 + 1e-6)


@pytest.mark.parametrize("planar", [0, 1])
@pytest.mark.parametrize(("rows", "columns"), [(5, 6), (1, 1)])
def test_rgb_is_shown_as_it_is(rows: int, columns: int, planar: int) -> None:
    pixels = np.random.default_rng(2).integers(0, 256, (rows, columns, 3)).astype(np.uint8)
    frame = np.moveaxis(pixels, -1, 0).tobytes() if planar else pixels.tobytes()
    description = described(
        rows=rows, columns=columns, samples=3, photometric="RGB", allocated=8, planar=planar
    )

    assert render(frame, description, RenderOptions()).startswith(SIGNATURES["image/jpeg"])
    np.testing.assert_array_equal(imagecodecs.png_decode(render(frame, description, PNG)), pixels)


def test_a_window_does_not_touch_colour() -> None:
    description = described(rows=1, columns=1, samples=3, photometric="RGB", allocated=8)

    rendered = render(b"\x10\x20\x30", description, RenderOptions("image/png", Window(500, 1)))

    assert imagecodecs.png_decode(rendered).tolist() == [[[0x10, 0x20, 0x30]]]


@pytest.mark.parametrize(
    "values",
    [
        pytest.param({"photometric": "PALETTE COLOR"}, id="a palette"),
        pytest.param({"photometric": "YBR_PARTIAL_420", "samples": 3}, id="what only videos have"),
        pytest.param({"photometric": "HSV", "samples": 3}, id="retired"),
        pytest.param({"photometric": "RGB", "samples": 1}, id="colour of one sample"),
        pytest.param({"photometric": "MONOCHROME2", "samples": 3}, id="gray of three samples"),
        pytest.param({"rows": 3}, id="more rows than bytes"),
    ],
)
def test_what_cannot_be_shown_is_refused_with_what_was_expected(values: dict[str, Any]) -> None:
    with pytest.raises(NotRenderable, match="expected"):
        render(bytes(8), described(**values), PNG)


@pytest.mark.parametrize("quality", [0, 101, -1])
def test_quality_is_1_to_100(quality: int) -> None:
    with pytest.raises(InvalidParameter, match="quality"):
        RenderOptions(quality=quality)
