"""What encoded frames and videos say of themselves, read without decoding them."""
