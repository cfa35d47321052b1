"""Masks on the grid of a series: segmentations, structure sets and doses; data sets of images and masks."""
