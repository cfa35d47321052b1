"""The audit: who did what, from where, to which study and patient. No HTTP is known here."""
