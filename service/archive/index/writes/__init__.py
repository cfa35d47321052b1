"""How instances come into the index, and leave it."""
