"""Text burned into a picture: white on a dimmed ground, in the corners, as large as the picture allows.

What has no picture gets a card with nothing but text. Standard: PS3.18 8.3.5.1.1.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from service.pixels.arrays import Levels
from service.pixels.display.font import CELL_HEIGHT, CELL_WIDTH, Mask, characters, text_mask
from service.pixels.display.viewport import Viewport

_PIXELS_PER_DOT = 256  # of the picture's shorter side for each pixel that a dot of the font takes
_CARD_CHARACTERS = 6  # that fill three quarters of a card's width
_CUT = "..."
_INK, _OUTLINE = 255, 0
_DIMMED = 3  # what is left of the picture behind text: one part of so many
_CARD_SIDE = 512  # of a placeholder, at most
CARD_LEVEL = 96
"""The gray of what stands for a picture that cannot be made."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """What is written on a picture.

    Attributes:
        top: lines from the upper left corner downwards.
        bottom: lines that end in the lower left corner.
    """

    top: Sequence[str] = ()
    bottom: Sequence[str] = ()


def annotated(picture: Levels, annotation: Annotation) -> Levels:
    """Return the picture with text burned in; each corner takes half of its height at most.

    Args:
        picture: shape (height, width) or (height, width, 3).
        annotation: lines too long for the width are cut, lines too many for the height left out.
    """
    height, width = picture.shape[:2]
    scale = _scale([*annotation.top, *annotation.bottom], width, height)
    rows, columns = (height // scale - 2) // (2 * CELL_HEIGHT), (width // scale - 2) // CELL_WIDTH
    result = picture.copy()
    for lines, at_bottom in ((annotation.top, False), (annotation.bottom, True)):
        if not lines:
            continue
        mask = np.pad(text_mask([_fitted(line, columns) for line in lines[: max(rows, 1)]]), 1)
        top = max(height - mask.shape[0] * scale, 0) if at_bottom else 0
        area = result[top:, :][: mask.shape[0] * scale, : mask.shape[1] * scale]
        area //= _DIMMED
        _burn(area, mask, scale)
    return result


def centered(picture: Levels, line: str) -> Levels:
    """Return the picture with one line of text in its middle, three quarters of its width at most."""
    height, width = picture.shape[:2]
    mask = np.pad(text_mask([line]), 1)
    columns = max(mask.shape[1], _CARD_CHARACTERS * CELL_WIDTH)
    scale = max(1, min(width * 3 // 4 // columns, height // mask.shape[0]))
    result = picture.copy()
    top, left = (height - mask.shape[0] * scale) // 2, (width - mask.shape[1] * scale) // 2
    _burn(result[max(top, 0) :, max(left, 0) :], mask, scale)
    return result


def placeholder(kind: str, viewport: Viewport) -> Levels:
    """Return a gray card with a kind written on it, for something that has no picture.

    Args:
        kind: a word or two: SR, RTPLAN, VIDEO.
        viewport: the card fills it, up to 512 × 512.

    Returns:
        Shape (height, width).
    """
    size = min(viewport.height, _CARD_SIDE), min(viewport.width, _CARD_SIDE)
    return centered(np.full(size, CARD_LEVEL, np.uint8), kind)


def _scale(lines: Sequence[str], width: int, height: int) -> int:
    """Return the size of a dot: by the size of the picture, smaller where that makes the longest line fit."""
    scale = max(1, round(min(width, height) / _PIXELS_PER_DOT))
    length = max(map(characters, lines), default=1)
    return max(1, min(scale, width // (length * CELL_WIDTH + 2)))


def _fitted(line: str, columns: int) -> str:
    if characters(line) <= columns:
        return line
    return line[: max(columns - len(_CUT), 0)] + _CUT


def _burn(area: Levels, mask: Mask, scale: int) -> None:
    """Write into the upper left of an area; what reaches over its sides is lost."""
    for points, level in ((_thickened(mask), _OUTLINE), (mask, _INK)):
        ink = np.kron(points, np.ones((scale, scale), bool))[: area.shape[0], : area.shape[1]]
        area[: ink.shape[0], : ink.shape[1]][ink] = level


def _thickened(mask: Mask) -> Mask:
    """Return the mask with all neighbours of its points."""
    canvas = np.pad(mask, 1)
    shifts = [(row, column) for row in range(3) for column in range(3)]
    rows, columns = mask.shape
    result: Mask = np.logical_or.reduce([canvas[y : y + rows, x : x + columns] for y, x in shifts])
    return result
