"""The head of an array in NumPy's own file format, which the bytes of the array follow."""

from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy

NPY = "application/x-npy"


def npy_head(shape: tuple[int, ...], kind: np.dtype[Any]) -> bytes:
    """Return the head of an array whose last axis varies fastest."""
    head = BytesIO()
    description = {"descr": npy.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(head, description)
    return head.getvalue()
