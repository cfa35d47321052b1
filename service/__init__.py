"""A DICOMweb origin server."""
