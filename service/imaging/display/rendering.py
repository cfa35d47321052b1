"""How a picture is wanted, whoever wants it. Standard: PS3.18 8.3.5."""

from dataclasses import dataclass

from service.errors import InvalidParameter
from service.pixels.display.viewport import Viewport
from service.pixels.window import Window

DEFAULT_QUALITY = 90

NO_PROFILE = "no"


@dataclass(frozen=True, slots=True)
class Rendering:
    """How the client wants a picture, whatever it is of.

    Attributes:
        window: in place of the file's own.
        viewport: None keeps the matrix of the source.
        quality: 1 ... 100.
        annotation: keywords of what is to be burned in.
        unsupported_annotation: keywords that are not known.
        icc_profile: `no`, `yes` or the name of a colour space.
    """

    window: Window | None = None
    viewport: Viewport | None = None
    quality: int = DEFAULT_QUALITY
    annotation: tuple[str, ...] = ()
    unsupported_annotation: tuple[str, ...] = ()
    icc_profile: str = NO_PROFILE

    @property
    def has_profile(self) -> bool:
        """Whether an ICC profile is asked for."""
        return self.icc_profile != NO_PROFILE

    def check(self, media_type: str) -> None:
        """Refuse what a media type cannot hold: GIF has no place for an ICC profile. PS3.18 8.3.5.1.5.

        Raises:
            InvalidParameter: it cannot.
        """
        if media_type == "image/gif" and self.has_profile:
            raise InvalidParameter("iccprofile", self.icc_profile, f"{NO_PROFILE} for {media_type}")
