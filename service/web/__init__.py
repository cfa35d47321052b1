"""HTTP: read the request, call below, shape the response."""
