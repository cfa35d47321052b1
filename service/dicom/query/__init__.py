"""Queries, PS3.18 8.3.4: parameters become keys, and keys accept values.

How the index answers them is the business of `archive.index`.
"""
