"""Instances as programs compute with them: arrays, volumes, statistics. Not of the Standard."""
