"""The change feed while the service runs: who waits for changes, and who is called when there are some."""
