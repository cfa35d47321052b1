"""Encoded data sets, PS3.5 and PS3.10: data elements, their walk, and data sets written anew.

What values mean in DICOM JSON is the business of `dicom.json`.
"""
