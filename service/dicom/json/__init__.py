"""The DICOM JSON Model, PS3.18 Annex F: data elements become JSON here, and JSON becomes data elements."""
