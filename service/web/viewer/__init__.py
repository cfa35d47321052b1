"""OHIF under /viewer/: its files, and what it is told about this server."""
