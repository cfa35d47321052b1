"""Instances that are sent: in which form, over which associations, and until when it is tried again."""
