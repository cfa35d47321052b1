"""Where slices lie, and whether they make a volume: positions, steps, traits, lattices."""
