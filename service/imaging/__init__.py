"""What the archive and the pixels do together: decoded and transcoded frames, pictures, arrays.

There is no HTTP here. It takes instances and plain values, never a request: for every front door.
"""
