"""Files without rows and rows without files: what has to be noted, found and removed."""
