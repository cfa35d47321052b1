"""What requests say: media types, ranges, addresses, headers."""
