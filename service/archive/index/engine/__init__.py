"""The database: how it is opened, read, written and locked, and how SQLite and PostgreSQL differ."""
