"""The heads of NIfTI-1 and NumPy files, which the bytes of the array follow.

A volume of ours and a NIfTI image lie in memory alike: columns vary fastest, then rows, then slices. So the
head is all there is to write. Standard: nifti1.h, https://nifti.nimh.nih.gov/nifti-1.
"""

import struct
from functools import lru_cache
from io import BytesIO
from typing import Any

import numpy as np
from numpy.lib import format as npy

from service.errors import NotAcceptable
from service.pixels.arrays import Values
from service.pixels.numbers.geometry.volume import Volume
from service.pixels.numbers.quantities.modality import FLOAT32, FLOAT64, INT16, INT32, INT64, UINT32, UINT64

NPY = "application/x-npy"

_LAYOUT = struct.Struct(
    "<i 10s 18s i h c B"  # sizeof_hdr, data_type, db_name, extents, session_error, regular, dim_info
    "8h 3f 4h"  # dim, intent_p1 to p3, intent_code, datatype, bitpix, slice_start
    "8f 3f h 2B"  # pixdim, vox_offset, scl_slope, scl_inter, slice_end, slice_code, xyzt_units
    "4f 2i 80s 24s"  # cal_max, cal_min, slice_duration, toffset, glmax, glmin, descrip, aux_file
    "2h 6f 12f 16s 4s"  # qform_code, sform_code, quatern_b to d, qoffset_x to z, srow_x to z, intent, magic
)
_NO_EXTENSION = bytes(4)
_NIFTI_HEAD_BYTES = _LAYOUT.size + len(_NO_EXTENSION)
_DATA_TYPES = {INT16: 4, INT32: 8, FLOAT32: 16, FLOAT64: 64, UINT32: 768, INT64: 1024, UINT64: 1280}
_DATA_TYPES |= {np.dtype("u1"): 2, np.dtype("i1"): 256, np.dtype("<u2"): 512}
_SCANNER = 1  # what coordinates of qform and sform are
_MILLIMETRES, _SECONDS = 2, 8
_LONGEST_SIDE = 32767


def nifti_head(volume: Volume, kind: np.dtype[Any]) -> bytes:
    """Return the 352 bytes of a NIfTI-1 file before the voxels.

    The affine is in sform, exactly. In qform is the rotation nearest to it, for programs that go by that or
    open nothing whose axes are not at right angles: those of a tilted gantry, or rounded ones.

    Args:
        volume: its shape, and where its voxels lie.
        kind: type of the voxels: integers, or floating point of 32 or 64 bits.

    Raises:
        NotAcceptable: a side is longer than the format has numbers for.
    """
    *volumes, slices, rows, columns = volume.shape
    step = volume.along.step_seconds() if volume.along else None
    if max(volume.shape) > _LONGEST_SIDE:
        raise NotAcceptable(f"NIfTI-1 has sides of up to {_LONGEST_SIDE} voxels, not {max(volume.shape)}")
    between_slices, between_rows, between_columns = volume.spacing
    rotation = _nearest_rotation(volume.affine[:3, :3] / np.linalg.norm(volume.affine[:3, :3], axis=0))
    head = _LAYOUT.pack(
        *(_LAYOUT.size, b"", b"", 0, 0, b"r", 0),
        *(3 + len(volumes), columns, rows, slices, *(volumes or [1]), 1, 1, 1),
        *(0, 0, 0, 0, _DATA_TYPES[kind], 8 * kind.itemsize, 0),
        *(1, between_columns, between_rows, between_slices, step or len(volumes), 0, 0, 0),
        *(_NIFTI_HEAD_BYTES, 1, 0, 0, 0, _MILLIMETRES | (_SECONDS if step else 0)),
        *(0, 0, 0, 0, 0, 0, b"", b""),
        *(_SCANNER, _SCANNER),
        *_quaternion(rotation),
        *volume.affine[:3, 3].tolist(),
        *volume.affine[:3].ravel().tolist(),
        *(b"", b"n+1\0"),
    )
    return head + _NO_EXTENSION


def _nearest_rotation(axes: Values) -> Values:
    """Return the rotation whose axes lie nearest to three unit vectors: their polar factor."""
    left, _, right = np.linalg.svd(axes)
    return np.asarray(left @ right)


def _quaternion(rotation: Values) -> list[float]:
    """Return b, c, d of the unit quaternion a + bi + cj + dk with a ≥ 0 of a rotation.

    Args:
        rotation: shape (3, 3), orthonormal, determinant 1.

    I. Y. Bar-Itzhack, New method for extracting the quaternion from a rotation matrix, 2000.
    """
    (xx, yx, zx), (xy, yy, zy), (xz, yz, zz) = rotation.tolist()
    symmetric = np.array(
        [
            [xx - yy - zz, yx + xy, zx + xz, yz - zy],
            [yx + xy, yy - xx - zz, zy + yz, zx - xz],
            [zx + xz, zy + yz, zz - xx - yy, xy - yx],
            [yz - zy, zx - xz, xy - yx, xx + yy + zz],
        ]
    )
    _, vectors = np.linalg.eigh(symmetric)
    b, c, d, a = vectors[:, -1].tolist()
    return [-b, -c, -d] if a < 0 else [b, c, d]


@lru_cache(maxsize=64)
def npy_head(shape: tuple[int, ...], kind: np.dtype[Any]) -> bytes:
    """Return the head of an NPY file, version 1.0, of an array whose last axis varies fastest.

    Args:
        shape: of the array.
        kind: of its values.

    Standard: numpy.lib.format.
    """
    head = BytesIO()
    description = {"descr": npy.dtype_to_descr(kind), "fortran_order": False, "shape": shape}
    npy.write_array_header_1_0(head, description)
    return head.getvalue()
