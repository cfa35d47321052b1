"""The change feed: what came, was replaced and went, as JSON and as it happens. Not of the Standard."""
