"""Render a frame: decode, bring to display, fit into the viewport, encode."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from service.errors import InvalidParameter, NotRenderable, shorten
from service.pixels.arrays import Levels, Values
from service.pixels.colour import rgb_levels
from service.pixels.decode import Frame, stored_values
from service.pixels.description import ImageDescription
from service.pixels.encode import jpeg, png
from service.pixels.grayscale import gray_levels
from service.pixels.viewport import Viewport, fit
from service.pixels.window import Window


@dataclass(frozen=True, slots=True)
class RenderOptions:
    """How a client wants a frame.

    Attributes:
        media_type: one of MEDIA_TYPES.
        window: in place of the file's own; colour has none, and ignores it.
        viewport: None keeps the matrix of the source.
        quality: 1 ... 100; PNG, which loses nothing, ignores it.

    Raises:
        InvalidParameter: the quality is not 1 ... 100.

    Standard: PS3.18 8.3.5.
    """

    media_type: str = "image/jpeg"
    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = 90

    def __post_init__(self) -> None:
        if not 1 <= self.quality <= 100:
            raise InvalidParameter("quality", str(self.quality), "a whole number from 1 to 100")


class Display(NamedTuple):
    """How frames of one Photometric Interpretation come to display."""

    samples_per_pixel: int
    levels: Callable[[Values, ImageDescription, Window | None], Levels]


DISPLAYS = {
    "MONOCHROME1": Display(1, gray_levels),
    "MONOCHROME2": Display(1, gray_levels),
    "RGB": Display(3, lambda stored, description, _: rgb_levels(stored, description)),
}

ENCODERS: dict[str, Callable[[Levels, RenderOptions], bytes]] = {
    "image/jpeg": lambda levels, options: jpeg(levels, options.quality),
    "image/png": lambda levels, _: png(levels),
}

MEDIA_TYPES = tuple(ENCODERS)
"""The media types a frame can be rendered as, the default first. Standard: PS3.18 Table 8.7.4-1."""


def render(frame: Frame, description: ImageDescription, options: RenderOptions) -> bytes:
    """Return a native frame as an image file.

    Raises:
        NotRenderable: its pixels are of a kind that cannot be shown, or fewer than described.
        InvalidParameter: the viewport does not suit the image.

    Standard: PS3.18 8.3.5.1 (the order of the steps); PS3.4 N.2.
    """
    display = _display(description)
    levels = display.levels(stored_values(frame, description), description, options.window)
    if options.viewport is not None:
        levels = fit(levels, options.viewport)
    return ENCODERS[options.media_type](levels, options)


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
