"""The benchmark: what requests cost, how that grows with the archive, and whether anything else grows."""
