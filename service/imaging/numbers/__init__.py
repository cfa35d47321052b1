"""Frames and volumes as arrays of numbers: of which slices, in which form, and what was done to them."""
