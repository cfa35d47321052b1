"""File-sets, PS3.10 8: the DICOMDIR and its records."""
