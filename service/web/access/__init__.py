"""Who asks: credentials of requests, and what they permit."""
