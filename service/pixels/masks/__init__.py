"""Masks: segments, contours and doses, and how they come onto a grid of voxels."""
