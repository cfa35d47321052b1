"""Associations and their messages, on both sides: PS3.7 and PS3.8."""
