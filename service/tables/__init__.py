"""Tables as files: CSV. No HTTP is known here."""
