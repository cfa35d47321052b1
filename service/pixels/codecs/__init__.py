"""Between the bytes of a frame and its stored values, both ways, in every transfer syntax.

What an encoded frame says of itself, without being decoded, is read in `pixels.headers`.
"""
