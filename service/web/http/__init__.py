"""HTTP as all handlers need it: what requests say, how answers are made. No DICOMweb service is answered here."""
