"""What the code stream of a compressed frame announces, whatever codec it is of."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StreamHeader:
    """The announcement of a code stream.

    Attributes:
        rows: of the image.
        columns: of the image.
        samples: components of a pixel; None where only the decoder can tell.
        bits: of a sample; None where only the decoder can tell.
        signed: samples are signed.
        lossy: coded by DCT, so that samples may leave the range of Bits Stored.
        colour: what three components are: RGB, YBR, or empty where the stream does not say.
    """

    rows: int
    columns: int
    samples: int | None = None
    bits: int | None = None
    signed: bool = False
    lossy: bool = False
    colour: str = ""
