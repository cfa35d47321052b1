"""What the files of a series have in common, read once: the pattern by which the next of them is read.

Slices of a series say the same, byte for byte, but for a place, a number and some times. What lies between
such open elements is compared with a file before, in one go, and means what it meant there. An open element
is read like any other, and so is what its meaning depends on. A file that differs elsewhere is read in full,
and teaches what else is open. So is one that cannot be read: what is refused is refused by its own bytes.
"""
