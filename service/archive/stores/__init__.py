"""Instances on their way in: parsed, put among the files, entered into the index; many at a time, as one."""
