"""The colours that masks are recommended to be shown in: CIELab as DICOM encodes it becomes sRGB.

The white point is D65, as in all that is known to write such colours (pixelmed, dcmqi, highdicom): with the
D50 of ICC profiles, which the Standard refers to, none would be shown in the colour that was meant.
"""

from collections.abc import Sequence

import numpy as np

_FULL = 65535
_WHITE = np.array([0.9505, 1.0, 1.089])
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
_XYZ_TO_SRGB = np.array(
    [[3.2406, -1.5372, -0.4986], [-0.9689, 1.8758, 0.0415], [0.0557, -0.2040, 1.0570]],
)


def rgb_of(encoded: Sequence[float]) -> tuple[int, int, int]:
    """Return red, green and blue, 0 ... 255, of a CIELab triplet of 16 bits each.

    What sRGB has no colour for becomes the nearest value of each channel.

    Standard: PS3.3 C.10.7.1.1; IEC 61966-2-1.
    """
    light, a, b = (min(max(value, 0), _FULL) / _FULL for value in encoded)
    y = (light * 100 + 16) / 116
    x, z = y + (a * 255 - 128) / 500, y - (b * 255 - 128) / 200
    relative = [value**3 if value**3 > _EPSILON else (116 * value - 16) / _KAPPA for value in (x, y, z)]
    linear = np.clip(_XYZ_TO_SRGB @ (np.array(relative) * _WHITE), 0, 1)
    curved = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    red, green, blue = np.rint(curved * 255).astype(int).tolist()
    return red, green, blue
