"""The two kinds of arrays that go from step to step."""

from typing import Any

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[Any]
"""Stored or modality values, of whatever type they need."""

Levels = npt.NDArray[np.uint8]
"""Displayed values: 0 (black) ... 255 (white)."""
