"""The index: tables, what is looked up, searched and changed in them. All SQL of the service is written here.

Most are functions of a connection. Files are not known here: `archive.instance` tells where they lie.
"""
