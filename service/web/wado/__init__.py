"""WADO-RS: what is stored, as files, frames, metadata, bulk data and ZIP files. PS3.18 10.4.

Pictures are made in `web.rendered`, arrays in `web.numbers`.
"""
