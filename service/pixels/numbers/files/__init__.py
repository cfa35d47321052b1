"""Arrays as files: npy, NIfTI and Zarr."""
