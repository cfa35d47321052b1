"""The DICOM Standard: data sets, metadata, frames and queries. No I/O beyond the buffer given."""
