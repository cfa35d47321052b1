"""What a request for a picture may ask for: media types, and the query parameters of PS3.18 8.3.5."""

import re
from collections.abc import Mapping

from service.dicom.text.captions import KEYWORDS
from service.errors import InvalidParameter
from service.imaging.display.rendering import DEFAULT_QUALITY, NO_PROFILE, Rendering
from service.pixels.display.icc import SPACES
from service.pixels.display.render import RENDERED_MEDIA_TYPES
from service.pixels.display.viewport import Region, Viewport
from service.web.http.requests.accept import Offer
from service.web.windows import DECIMAL, window_of

GIF = Offer("image/gif")
PICTURE_OFFERS = tuple(Offer(kind) for kind in RENDERED_MEDIA_TYPES)
PICTURE_MESSAGE_OFFERS = tuple(Offer(kind, multipart=True) for kind in RENDERED_MEDIA_TYPES)
"""In which forms pictures can be had: one alone, and several as parts of a message."""

_WHOLE = re.compile(r"[0-9]{1,9}", re.ASCII)
_VIEWPORT_FORM = re.compile(rf"{_WHOLE.pattern},{_WHOLE.pattern}(,({DECIMAL.pattern})?){{0,4}}", re.ASCII)
_KEYWORD = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,63}", re.ASCII)
_ICC_PROFILES = (NO_PROFILE, "yes", *SPACES)


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
        annotation=tuple(keyword for keyword in KEYWORDS if keyword in keywords),
        unsupported_annotation=tuple(keyword for keyword in keywords if keyword not in KEYWORDS),
        icc_profile=icc_profile_of(parameters),
    )


def viewport_of(parameters: Mapping[str, str], *, cropping: bool = True) -> Viewport | None:
    """Return the viewport asked for: `viewport=vw,vh[,sx,sy,sw,sh]`. PS3.18 8.3.5.1.3.

    Args:
        parameters: of the query.
        cropping: a region may be named too; thumbnails have none (PS3.18 10.4.3.3.4).

    Raises:
        InvalidParameter: it is not of this form.
    """
    value = parameters.get("viewport")
    if value is None:
        return None
    parts = [part.strip() for part in value.split(",")]
    if not _VIEWPORT_FORM.fullmatch(",".join(parts)) or (len(parts) > 2 and not cropping):
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
    value = parameters.get("quality")
    if value is None:
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
    value = parameters.get("iccprofile", NO_PROFILE)
    if value not in _ICC_PROFILES:
        raise InvalidParameter("iccprofile", value, f"one of {', '.join(_ICC_PROFILES)}")
    return value
