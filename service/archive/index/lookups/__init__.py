"""What is asked by UID: instances with their files, metadata, bulk data, and what is to be deleted."""
