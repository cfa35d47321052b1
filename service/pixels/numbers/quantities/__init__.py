"""What values mean: modality values, standardized uptake, units, and what was done to them."""
