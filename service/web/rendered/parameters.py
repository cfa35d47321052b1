"""The query parameters of rendered resources: PS3.18 8.3.5."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from service.dicom.text.captions import KEYWORDS
from service.errors import InvalidParameter
from service.pixels.display.icc import SPACES
from service.pixels.display.viewport import Region, Viewport
from service.pixels.window import PRESETS, Window

DEFAULT_QUALITY = 90

_FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_DECIMAL = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_VIEWPORT = re.compile(rf"{_WHOLE.pattern},{_WHOLE.pattern}(,({_DECIMAL.pattern})?){{0,4}}", re.ASCII)
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_NO_PROFILE, _OWN_PROFILE = "no", "yes"
_ICC_PROFILES = (_NO_PROFILE, _OWN_PROFILE, *SPACES)


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
    icc_profile: str = _NO_PROFILE

    @property
    def has_profile(self) -> bool:
        """Whether an ICC profile is asked for."""
        return self.icc_profile != _NO_PROFILE

    def check(self, media_type: str) -> None:
        """Refuse what a media type cannot hold: GIF has no place for an ICC profile. PS3.18 8.3.5.1.5.

        Raises:
            InvalidParameter: it cannot.
        """
        if media_type == "image/gif" and self.has_profile:
            raise InvalidParameter("iccprofile", self.icc_profile, f"{_NO_PROFILE} for {media_type}")


def rendering_of(parameters: Mapping[str, str]) -> Rendering:
    """Return what the parameters ask for.

    Raises:
        InvalidParameter: one of them is not of its form.
        InvalidWindow: the Standard defines no such window.
    """
    keywords = annotation_of(parameters)
    return Rendering(
        window=window_of(parameters),
        viewport=viewport_of(parameters),
        quality=quality_of(parameters),
        annotation=tuple(one for one in KEYWORDS if one in keywords),
        unsupported_annotation=tuple(one for one in keywords if one not in KEYWORDS),
        icc_profile=icc_profile_of(parameters),
    )


def window_of(parameters: Mapping[str, str]) -> Window | None:
    """Return the window asked for: `window=center,width,function`, PS3.18 8.3.5.1.4, or one of PRESETS.

    Raises:
        InvalidParameter: it is not of this form.
        InvalidWindow: the Standard defines no such window.
    """
    value = parameters.get("window", "")
    if not value:
        return None
    if preset := PRESETS.get(value.strip().lower()):
        return preset
    center, width, function = [*(part.strip() for part in value.split(",")), "", "", ""][:3]
    numbers = _DECIMAL.fullmatch(center) and _DECIMAL.fullmatch(width)
    if value.count(",") != 2 or not numbers or function not in _FUNCTIONS:
        forms = f"center,width,function with a function of {', '.join(_FUNCTIONS)}"
        raise InvalidParameter("window", value, f"{forms}; or one of {', '.join(PRESETS)}")
    return Window(float(center), float(width), _FUNCTIONS[function])


def viewport_of(parameters: Mapping[str, str], *, cropping: bool = True) -> Viewport | None:
    """Return the viewport asked for: `viewport=vw,vh[,sx,sy,sw,sh]`. PS3.18 8.3.5.1.3.

    Args:
        parameters: of the query.
        cropping: a region may be named too; thumbnails have none (PS3.18 10.4.3.3.4).

    Raises:
        InvalidParameter: it is not of this form.
    """
    value = parameters.get("viewport", "")
    if not value:
        return None
    parts = [part.strip() for part in value.split(",")]
    if not _VIEWPORT.fullmatch(",".join(parts)) or (len(parts) > 2 and not cropping):
        expected = "vw,vh[,sx,sy,sw,sh]" if cropping else "vw,vh"
        raise InvalidParameter("viewport", value, f"{expected} with numbers")
    numbers = [float(part) if part else None for part in parts[2:]]
    x, y, width, height = [*numbers, None, None, None, None][:4]
    if (x or 0) < 0 or (y or 0) < 0:
        raise InvalidParameter("viewport", value, "a region that begins inside the image")
    return Viewport(int(parts[0]), int(parts[1]), Region(x or 0, y or 0, width, height))


def quality_of(parameters: Mapping[str, str]) -> int:
    """Return the quality asked for, 1 ... 100. PS3.18 8.3.5.1.2.

    Raises:
        InvalidParameter: it is no such number.
    """
    value = parameters.get("quality", "")
    if not value:
        return DEFAULT_QUALITY
    if not _WHOLE.fullmatch(value) or not 1 <= int(value) <= 100:
        raise InvalidParameter("quality", value, "a whole number from 1 to 100")
    return int(value)


def annotation_of(parameters: Mapping[str, str]) -> list[str]:
    """Return the keywords of `annotation=patient,technique`, none without the parameter. PS3.18 8.3.5.1.1.

    Raises:
        InvalidParameter: it names nothing, or something that is no keyword.
    """
    value = parameters.get("annotation")
    if value is None:
        return []
    keywords = [part.strip() for part in value.split(",")]
    if not all(map(_KEYWORD.fullmatch, keywords)):
        raise InvalidParameter("annotation", value, f"keywords: {', '.join(KEYWORDS)}")
    return list(dict.fromkeys(keywords))


def icc_profile_of(parameters: Mapping[str, str]) -> str:
    """Return the value of `iccprofile`, `no` without it. PS3.18 8.3.5.1.5.

    Raises:
        InvalidParameter: the Standard does not have this value.
    """
    value = parameters.get("iccprofile") or _NO_PROFILE
    if value not in _ICC_PROFILES:
        raise InvalidParameter("iccprofile", value, f"one of {', '.join(_ICC_PROFILES)}")
    return value
