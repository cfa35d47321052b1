"""Searches: conditions, what is asked of each match, and rows for pages and tables."""
