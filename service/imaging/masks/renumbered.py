"""The labels of a mask with other numbers."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from service.imaging.masks.labels import Labels
from service.imaging.masks.mask_volume import Images
from service.imaging.masks.regions import Regions
from service.imaging.masks.sampled import Sampled


def renumbered(images: Images, values: Mapping[int, int], dtype: np.dtype[Any]) -> Images:
    """Return the slices of a mask with other values, before they have been looked through.

    Args:
        images: of a mask of labels.
        values: by number of the segment or region; those that are not here become 0.
        dtype: that holds them.
    """
    match images:
        case Labels() | Regions():
            layer = {number: values[number] for number in images.layers[0] if number in values}
            return replace(images, layers=[layer], dtype=dtype, kept={})
        case Sampled():
            return replace(images, source=renumbered(images.source, values, dtype))
    raise TypeError(type(images).__name__)
