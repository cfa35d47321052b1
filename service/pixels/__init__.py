"""The pixels room: arrays and small values in, arrays and image files out. No I/O, but for its workers."""
