"""What the service holds when other people's clients come to it, by study.series.instance."""

from typing import Any

import imagecodecs
import numpy as np
from pydicom import Dataset
from pydicom.encaps import encapsulate

from tests.builders import EXPLICIT, JPEG_2000, ct_image, data_set, image, part10

JPEG, JPEG_LS, RLE = "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"
HTJ2K, MPEG_4 = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.102"

CT, NEXT_CT, MULTIFRAME = "1.1.1", "1.1.2", "1.2.1"
COMPRESSED, GRAY, VIDEO, PALETTE, PDF = "2.1.1", "2.2.1", "2.3.1", "2.4.1", "2.5.1"

Array = np.ndarray[Any, Any]

PIXELS = np.arange(3 * 16 * 12, dtype=np.uint16).reshape(3, 16, 12)
LEVELS = np.linspace(0, 255, 16 * 12).reshape(16, 12).astype(np.uint8)
STREAMS = [imagecodecs.jpeg2k_encode(frame, level=0, codecformat="j2k", reversible=True) for frame in PIXELS]
FILM = b"\0\0\0\x18ftypmp42" + bytes(80)
TABLE = np.arange(65536, dtype="<u2").tobytes()
DOCUMENT = b"%PDF-1.4\n%%EOF\n"


def encapsulated(pixels: Array, streams: list[bytes], uid: str, **attributes: Any) -> Dataset:
    """Return an image whose frames are these code streams of the pixels."""
    dataset = image(pixels, uid, **attributes)
    dataset.PixelData = encapsulate(streams)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return dataset


DATA_SETS = {
    CT: ct_image(CT),
    NEXT_CT: ct_image(NEXT_CT, InstanceNumber=2),
    MULTIFRAME: image(PIXELS, MULTIFRAME, Modality="OT"),
    COMPRESSED: encapsulated(PIXELS, STREAMS, COMPRESSED, Modality="MR"),
    GRAY: image(LEVELS, GRAY, Modality="US"),
    VIDEO: encapsulated(LEVELS[None], [FILM], VIDEO, Modality="XC"),
    PALETTE: data_set(PALETTE, Modality="PR", RedPaletteColorLookupTableData=TABLE),
    PDF: data_set(
        PDF,
        SOPClassUID="1.2.840.10008.5.1.4.1.1.104.1",
        Modality="DOC",
        MIMETypeOfEncapsulatedDocument="application/pdf",
        EncapsulatedDocument=DOCUMENT,
    ),
}
SYNTAXES = {COMPRESSED: JPEG_2000, VIDEO: MPEG_4}
FILES = {uid: part10(dataset, SYNTAXES.get(uid, EXPLICIT)) for uid, dataset in DATA_SETS.items()}


def names(uid: str) -> tuple[str, str, str]:
    """Return the three UIDs of an instance."""
    study, series, _ = uid.split(".")
    return study, f"{study}.{series}", uid


def decoded(stream: bytes, transfer_syntax: str) -> Array:
    """Return the pixels of one frame of PIXELS or LEVELS that a client was sent."""
    decoders = {
        EXPLICIT: lambda content: np.frombuffer(content, "<u2").reshape(PIXELS[0].shape),
        JPEG_LS: imagecodecs.jpegls_decode,
        JPEG_2000: imagecodecs.jpeg2k_decode,
        HTJ2K: imagecodecs.jpeg2k_decode,
        JPEG: imagecodecs.jpeg8_decode,
    }
    frame: Array = decoders[transfer_syntax](stream)
    return frame
