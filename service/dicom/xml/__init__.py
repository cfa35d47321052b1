"""The Native DICOM Model, PS3.19 A.1: DICOM JSON becomes XML here, and XML becomes DICOM JSON."""
