"""Tables as files: CSV, Arrow and Parquet. No HTTP is known here."""
