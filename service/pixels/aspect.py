"""How tall a pixel is for its width: images of which it is not 1 look squashed unless it is heeded.

Standard: PS3.3 C.7.6.3.1.7, C.7.6.16.2.1, 10.7.1.3.
"""

import math
from collections.abc import Iterator

from service.dicom_json import Attributes, numbers, scopes

_PIXEL_MEASURES = "00289110"
_SPACINGS = ("00280030", "00181164", "00280034")  # Pixel Spacing, Imager Pixel Spacing, Pixel Aspect Ratio
_LARGEST_RATIO = 100.0  # beyond this, or below its inverse, it is a slip of the pen


def pixel_aspect(image: Attributes, frame_number: int) -> float:
    """Return the height of a frame's pixels divided by their width; 1 where the file does not say.

    Args:
        image: DICOM JSON object of the instance.
        frame_number: counted from 1.
    """
    return next(_stated(image, frame_number), 1.0)


def _stated(image: Attributes, frame_number: int) -> Iterator[float]:
    for scope in scopes(image, frame_number, _PIXEL_MEASURES):
        for tag in _SPACINGS:
            match numbers(scope, tag):
                case [float(vertical), float(horizontal)] if vertical > 0 and horizontal > 0:
                    ratio = vertical / horizontal
                    if math.isfinite(ratio) and 1 / _LARGEST_RATIO <= ratio <= _LARGEST_RATIO:
                        yield ratio
