"""The transfer syntaxes that are known, and whatever depends on one alone: PS3.5 A, PS3.18 8.7.3.

Others are stored too, and go out as they are stored.
"""

from enum import Enum
from typing import NamedTuple

OCTET_STREAM = "application/octet-stream"


class Kind(Enum):
    """How the pixels of a transfer syntax lie in its data set."""

    NATIVE = "as they are, one frame after the other"
    UNCOMPRESSED = "as they are, in fragments"
    COMPRESSED = "each frame as a code stream, in fragments"
    VIDEO = "all frames as one stream, in fragments"


class TransferSyntax(NamedTuple):
    """One transfer syntax.

    Attributes:
        uid: its UID.
        name: as people say it.
        kind: how its pixels lie.
        media_type: of one frame, PS3.18 8.7.3.3.
        lossy: values may have been lost.
        never_sent: what is stored so goes out as Explicit VR Little Endian, PS3.18 8.7.3.
    """

    uid: str
    name: str
    kind: Kind
    media_type: str = OCTET_STREAM
    lossy: bool = False
    never_sent: bool = False


_ROOT = "1.2.840.10008.1.2"

IMPLICIT_VR_LITTLE_ENDIAN = _ROOT
EXPLICIT_VR_LITTLE_ENDIAN = f"{_ROOT}.1"
ENCAPSULATED_UNCOMPRESSED = f"{_ROOT}.1.98"
DEFLATED = f"{_ROOT}.1.99"
EXPLICIT_VR_BIG_ENDIAN = f"{_ROOT}.2"
JPEG_BASELINE = f"{_ROOT}.4.50"
JPEG_EXTENDED = f"{_ROOT}.4.51"
JPEG_SPECTRAL_SELECTION = f"{_ROOT}.4.53"
JPEG_FULL_PROGRESSION = f"{_ROOT}.4.55"
JPEG_LOSSLESS = f"{_ROOT}.4.57"
JPEG_LOSSLESS_FIRST_ORDER = f"{_ROOT}.4.70"
JPEG_LS_LOSSLESS = f"{_ROOT}.4.80"
JPEG_LS_NEAR_LOSSLESS = f"{_ROOT}.4.81"
JPEG_2000_LOSSLESS = f"{_ROOT}.4.90"
JPEG_2000 = f"{_ROOT}.4.91"
JPEG_2000_MULTICOMPONENT_LOSSLESS = f"{_ROOT}.4.92"
JPEG_2000_MULTICOMPONENT = f"{_ROOT}.4.93"
MPEG_2_MAIN = f"{_ROOT}.4.100"
MPEG_2_HIGH = f"{_ROOT}.4.101"
MPEG_4_HIGH = f"{_ROOT}.4.102"
MPEG_4_HIGH_BLU_RAY = f"{_ROOT}.4.103"
MPEG_4_HIGH_2D = f"{_ROOT}.4.104"
MPEG_4_HIGH_3D = f"{_ROOT}.4.105"
MPEG_4_STEREO = f"{_ROOT}.4.106"
HEVC_MAIN = f"{_ROOT}.4.107"
HEVC_MAIN_10 = f"{_ROOT}.4.108"
JPEG_XL_LOSSLESS = f"{_ROOT}.4.110"
JPEG_XL_RECOMPRESSION = f"{_ROOT}.4.111"
JPEG_XL = f"{_ROOT}.4.112"
HTJ2K_LOSSLESS = f"{_ROOT}.4.201"
HTJ2K_LOSSLESS_RPCL = f"{_ROOT}.4.202"
HTJ2K = f"{_ROOT}.4.203"
RLE_LOSSLESS = f"{_ROOT}.5"
DEFLATED_IMAGE_FRAME = f"{_ROOT}.8.1"

_NATIVE, _UNCOMPRESSED, _COMPRESSED, _VIDEO = Kind
_T = TransferSyntax
_SYNTAXES = (
    _T(IMPLICIT_VR_LITTLE_ENDIAN, "Implicit VR Little Endian", _NATIVE, never_sent=True),
    _T(EXPLICIT_VR_LITTLE_ENDIAN, "Explicit VR Little Endian", _NATIVE),
    _T(ENCAPSULATED_UNCOMPRESSED, "Encapsulated Uncompressed", _UNCOMPRESSED),
    _T(DEFLATED, "Deflated Explicit VR Little Endian", _NATIVE, never_sent=True),
    _T(EXPLICIT_VR_BIG_ENDIAN, "Explicit VR Big Endian", _NATIVE, never_sent=True),
    _T(JPEG_BASELINE, "JPEG Baseline", _COMPRESSED, "image/jpeg", lossy=True),
    _T(JPEG_EXTENDED, "JPEG Extended", _COMPRESSED, "image/jpeg", lossy=True),
    _T(JPEG_SPECTRAL_SELECTION, "JPEG Spectral Selection", _COMPRESSED, "image/jpeg", lossy=True),
    _T(JPEG_FULL_PROGRESSION, "JPEG Full Progression", _COMPRESSED, "image/jpeg", lossy=True),
    _T(JPEG_LOSSLESS, "JPEG Lossless", _COMPRESSED, "image/jpeg"),
    _T(JPEG_LOSSLESS_FIRST_ORDER, "JPEG Lossless, first-order prediction", _COMPRESSED, "image/jpeg"),
    _T(JPEG_LS_LOSSLESS, "JPEG-LS Lossless", _COMPRESSED, "image/jls"),
    _T(JPEG_LS_NEAR_LOSSLESS, "JPEG-LS Near-lossless", _COMPRESSED, "image/jls", lossy=True),
    _T(JPEG_2000_LOSSLESS, "JPEG 2000 Lossless", _COMPRESSED, "image/jp2"),
    _T(JPEG_2000, "JPEG 2000", _COMPRESSED, "image/jp2", lossy=True),
    _T(JPEG_2000_MULTICOMPONENT_LOSSLESS, "JPEG 2000 Part 2 Lossless", _COMPRESSED, "image/jpx"),
    _T(JPEG_2000_MULTICOMPONENT, "JPEG 2000 Part 2", _COMPRESSED, "image/jpx", lossy=True),
    _T(MPEG_2_MAIN, "MPEG-2 Main Profile", _VIDEO, "video/mpeg", lossy=True),
    _T(f"{MPEG_2_MAIN}.1", "Fragmentable MPEG-2 Main Profile", _VIDEO, "video/mpeg", lossy=True),
    _T(MPEG_2_HIGH, "MPEG-2 Main Profile, High Level", _VIDEO, "video/mpeg", lossy=True),
    _T(f"{MPEG_2_HIGH}.1", "Fragmentable MPEG-2 Main Profile, High Level", _VIDEO, "video/mpeg", lossy=True),
    _T(MPEG_4_HIGH, "MPEG-4 High Profile", _VIDEO, "video/mp4", lossy=True),
    _T(f"{MPEG_4_HIGH}.1", "Fragmentable MPEG-4 High Profile", _VIDEO, "video/mp4", lossy=True),
    _T(MPEG_4_HIGH_BLU_RAY, "MPEG-4 BD-compatible", _VIDEO, "video/mp4", lossy=True),
    _T(f"{MPEG_4_HIGH_BLU_RAY}.1", "Fragmentable MPEG-4 BD-compatible", _VIDEO, "video/mp4", lossy=True),
    _T(MPEG_4_HIGH_2D, "MPEG-4 High Profile for 2D", _VIDEO, "video/mp4", lossy=True),
    _T(f"{MPEG_4_HIGH_2D}.1", "Fragmentable MPEG-4 High Profile for 2D", _VIDEO, "video/mp4", lossy=True),
    _T(MPEG_4_HIGH_3D, "MPEG-4 High Profile for 3D", _VIDEO, "video/mp4", lossy=True),
    _T(f"{MPEG_4_HIGH_3D}.1", "Fragmentable MPEG-4 High Profile for 3D", _VIDEO, "video/mp4", lossy=True),
    _T(MPEG_4_STEREO, "MPEG-4 Stereo High Profile", _VIDEO, "video/mp4", lossy=True),
    _T(f"{MPEG_4_STEREO}.1", "Fragmentable MPEG-4 Stereo High Profile", _VIDEO, "video/mp4", lossy=True),
    _T(HEVC_MAIN, "HEVC Main Profile", _VIDEO, "video/H265", lossy=True),
    _T(HEVC_MAIN_10, "HEVC Main 10 Profile", _VIDEO, "video/H265", lossy=True),
    _T(JPEG_XL_LOSSLESS, "JPEG XL Lossless", _COMPRESSED, "image/jxl"),
    _T(JPEG_XL_RECOMPRESSION, "JPEG XL JPEG Recompression", _COMPRESSED, "image/jxl", lossy=True),
    _T(JPEG_XL, "JPEG XL", _COMPRESSED, "image/jxl", lossy=True),
    _T(HTJ2K_LOSSLESS, "High-Throughput JPEG 2000 Lossless", _COMPRESSED, "image/jphc"),
    _T(HTJ2K_LOSSLESS_RPCL, "High-Throughput JPEG 2000 Lossless, RPCL", _COMPRESSED, "image/jphc"),
    _T(HTJ2K, "High-Throughput JPEG 2000", _COMPRESSED, "image/jphc", lossy=True),
    _T(RLE_LOSSLESS, "RLE Lossless", _COMPRESSED, "image/dicom-rle"),
    _T(DEFLATED_IMAGE_FRAME, "Deflated Image Frame Compression", _COMPRESSED),
)

TRANSFER_SYNTAXES = {syntax.uid: syntax for syntax in _SYNTAXES}
"""UID → what is known of the transfer syntax."""

FRAME_MEDIA_TYPES = tuple(
    dict.fromkeys(syntax.media_type for syntax in _SYNTAXES if syntax.media_type != OCTET_STREAM)
)
"""Every media type of frames but that of any bytes."""

VIDEO_PREFIXES = tuple(f"{_ROOT}.4.{number}" for number in range(100, 109))
"""What the UIDs of videos begin with, those of profiles that are not known here too."""

_NEVER_SENT = frozenset(syntax.uid for syntax in _SYNTAXES if syntax.never_sent)


def outgoing(transfer_syntax: str) -> str:
    """Return the transfer syntax in which a data set goes out when nothing of it is decoded: PS3.18 8.7.3."""
    return EXPLICIT_VR_LITTLE_ENDIAN if transfer_syntax in _NEVER_SENT else transfer_syntax


def is_video(transfer_syntax: str) -> bool:
    """Tell whether pixels in this transfer syntax are a video."""
    return transfer_syntax.startswith(VIDEO_PREFIXES)


def is_encapsulated(transfer_syntax: str) -> bool:
    """Tell whether pixels in this transfer syntax lie in fragments, as far as it is known here."""
    syntax = TRANSFER_SYNTAXES.get(transfer_syntax)
    return syntax is not None and syntax.kind is not Kind.NATIVE


def frame_media_type(transfer_syntax: str) -> str:
    """Return the media type of one frame stored in this transfer syntax. PS3.18 8.7.3.3."""
    syntax = TRANSFER_SYNTAXES.get(transfer_syntax)
    return OCTET_STREAM if syntax is None else syntax.media_type
