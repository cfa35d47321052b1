"""The other front door: DICOM's own network services, PS3.4, PS3.7 and PS3.8. No HTTP is known here."""
