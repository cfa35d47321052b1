"""Processes of their own for pixel work that could hang or crash. They know nothing of DICOM."""
