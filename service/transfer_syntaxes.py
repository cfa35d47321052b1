"""Which media type the frames of each transfer syntax have, PS3.18 8.7.3.3 and PS3.5 A.

Every other transfer syntax, encapsulated uncompressed and deflated frames among them, is sent as
application/octet-stream.
"""

OCTET_STREAM = "application/octet-stream"

_SYNTAXES = {
    "image/jpeg": ("4.50", "4.51", "4.53", "4.55", "4.57", "4.70"),
    "image/jls": ("4.80", "4.81"),
    "image/jp2": ("4.90", "4.91"),
    "image/jpx": ("4.92", "4.93"),
    "image/jphc": ("4.201", "4.202", "4.203"),
    "image/jxl": ("4.110", "4.111", "4.112"),
    "image/dicom-rle": ("5",),
    "video/mpeg": ("4.100", "4.100.1", "4.101", "4.101.1"),
    "video/mp4": tuple(f"4.{number}{part}" for number in range(102, 107) for part in ("", ".1")),
    "video/H265": ("4.107", "4.108"),
}

MEDIA_TYPES = {
    f"1.2.840.10008.1.2.{ending}": media_type
    for media_type, endings in _SYNTAXES.items()
    for ending in endings
}


def frame_media_type(transfer_syntax: str) -> str:
    """Return the media type of one frame stored in this transfer syntax."""
    return MEDIA_TYPES.get(transfer_syntax, OCTET_STREAM)
