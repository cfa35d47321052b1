"""STOW-RS: a request that stores, from its body to its receipt. PS3.18 10.5."""
