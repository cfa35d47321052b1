"""Render a frame: bring stored values to display, fit into the viewport, annotate, encode."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from service.errors import InvalidParameter, NotRenderable, shorten
from service.pixels.arrays import Levels, Values
from service.pixels.codecs.decode import DecodedFrame
from service.pixels.description import ImageDescription
from service.pixels.display import icc
from service.pixels.display.annotation import CARD_LEVEL, Annotation, annotated, centered
from service.pixels.display.colour import palette_levels, rgb_levels, ybr_full_levels, ybr_partial_levels
from service.pixels.display.composite import gray_or_colour, with_overlays
from service.pixels.display.gif import gif
from service.pixels.display.grayscale import gray_levels
from service.pixels.display.image_files import jp2, jpeg, png
from service.pixels.display.viewport import Viewport, fit
from service.pixels.window import Window


@dataclass(frozen=True, slots=True)
class ColourSpace:
    """The space a picture is made for, and the one it comes in.

    Attributes:
        source: ICC profile of the picture as it is stored.
        target: ICC profile that goes out with it.
    """

    source: bytes
    target: bytes


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a client wants a frame.

    Attributes:
        media_type: one of RENDERED_MEDIA_TYPES.
        window: in place of the file's own; colour has none, and ignores it.
        viewport: None keeps the matrix of the source.
        quality: 1 ... 100; PNG and GIF, which have none, ignore it.
        annotation: burned in, last of all.
        colour_space: None sends no ICC profile; GIF cannot hold one.

    Raises:
        InvalidParameter: the quality is not 1 ... 100.

    Standard: PS3.18 8.3.5.
    """

    media_type: str = "image/jpeg"
    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = 90
    annotation: Annotation | None = None
    colour_space: ColourSpace | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise InvalidParameter("quality", str(self.quality), "a whole number from 1 to 100")


class Display(NamedTuple):
    """How frames of one Photometric Interpretation come to display."""

    samples_per_pixel: int
    levels: Callable[[Values, ImageDescription, Window | None], Levels]


class ImageFormat(NamedTuple):
    """How a picture becomes a file, and how the file takes in an ICC profile."""

    encode: Callable[[Levels, int], bytes]
    with_profile: Callable[[bytes, bytes], bytes]


DISPLAYS = {
    "MONOCHROME1": Display(1, gray_levels),
    "MONOCHROME2": Display(1, gray_or_colour),
    "RGB": Display(3, lambda stored, description, _: rgb_levels(stored, description)),
    "YBR_FULL": Display(3, lambda stored, description, _: ybr_full_levels(stored, description)),
    "YBR_PARTIAL_422": Display(3, lambda stored, description, _: ybr_partial_levels(stored, description)),
    "PALETTE COLOR": Display(1, lambda stored, description, _: palette_levels(stored, description)),
}

IMAGE_FORMATS = {
    "image/jpeg": ImageFormat(jpeg, icc.in_jpeg),
    "image/png": ImageFormat(lambda picture, _: png(picture), icc.in_png),
    "image/gif": ImageFormat(lambda picture, _: gif(picture), lambda file, _: file),
    "image/jp2": ImageFormat(jp2, icc.in_jp2),
}

RENDERED_MEDIA_TYPES = tuple(IMAGE_FORMATS)
"""The media types a frame can be rendered as, the default first. Standard: PS3.18 Table 8.7.4-1."""


def render(frame: DecodedFrame, description: ImageDescription, options: RenderOptions) -> bytes:
    """Return a decoded frame as an image file.

    Args:
        frame: its values.
        description: of the frame as it is stored.
        options: how the client wants it.

    Raises:
        NotRenderable: its pixels are of a kind that cannot be shown.
        InvalidParameter: the viewport does not suit the image.

    Standard: PS3.18 8.3.5.1 (the order of the steps); PS3.4 N.2.
    """
    description = frame.described(description)
    levels = _display(description).levels(frame.values, description, options.window)
    levels = with_overlays(levels, description)
    if options.viewport is not None:
        levels = fit(levels, options.viewport, description.pixel_aspect)
    return finished(levels, options)


def card(line: str, description: ImageDescription, options: RenderOptions) -> bytes:
    """Return a gray card with a line of text as an image file, in the place of a frame that has no picture.

    Args:
        line: of text.
        description: of the frame: the card has the size that its picture would have.
        options: how the client wants that.
    """
    levels: Levels = np.full((description.rows, description.columns), CARD_LEVEL, np.uint8)
    if options.viewport is not None:
        levels = fit(levels, options.viewport, description.pixel_aspect)
    return finished(centered(levels, line), options)


def finished(picture: Levels, options: RenderOptions) -> bytes:
    """Return a picture as an image file, in the colour space and with the text that are asked for."""
    image_format, space = IMAGE_FORMATS[options.media_type], options.colour_space
    if space is not None:
        picture = icc.converted(picture, space.source, space.target)
    if options.annotation is not None:
        picture = annotated(picture, options.annotation)
    file = image_format.encode(picture, options.quality)
    return file if space is None else image_format.with_profile(file, space.target)


def _display(description: ImageDescription) -> Display:
    name, samples = description.photometric_interpretation, description.samples_per_pixel
    display = DISPLAYS.get(name)
    if display is None:
        raise NotRenderable(
            f"Photometric Interpretation {shorten(name)}: expected one of {', '.join(DISPLAYS)}"
        )
    if samples != display.samples_per_pixel:
        raise NotRenderable(f"{samples} Samples per Pixel in {name}: expected {display.samples_per_pixel}")
    return display
