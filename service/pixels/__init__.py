"""The pixels room: arrays and small values in, arrays and image files out. It does no I/O."""
