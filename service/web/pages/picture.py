"""A frame as a page shows it: which one, through which window, in which size."""

import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlencode

from service.archive.instance import Located
from service.errors import InvalidParameter
from service.imaging.decoder import check_decodable
from service.imaging.description import description_of
from service.pixels.window import Window
from service.web.windows import window_of

_MAX_SIDE = 1024  # of a picture that comes without being asked for in a size
_FRAME_NUMBER = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class PictureView:
    """A frame as the page shows it.

    Attributes:
        frame: its number, counted from 1.
        frames: how many the instance has.
        rows: of the matrix.
        columns: of the matrix.
        is_gray: it has values that a window maps to gray.
        aspect: height of a pixel divided by its width.
        window_parameter: the value of the `window` parameter; empty for the file's own window.
        window: through which it is seen; None where neither query nor file name one.
    """

    frame: int
    frames: int
    rows: int
    columns: int
    is_gray: bool
    aspect: float
    window_parameter: str
    window: Window | None

    def query(self) -> str:
        """Return the query of the rendered frame."""
        is_large = max(self.rows, self.columns) > _MAX_SIDE or self.aspect != 1
        values = {
            "accept": "image/jpeg",
            "window": self.window_parameter,
            "viewport": f"{_MAX_SIDE},{_MAX_SIDE}" if is_large else "",
        }
        return urlencode({name: value for name, value in values.items() if value}, safe="/,")


def picture_of(located: Located, parameters: Mapping[str, str]) -> PictureView:
    """Return what is shown of an instance.

    Raises:
        InvalidParameter, InvalidWindow, FrameNotFound: the query asks for what cannot be.
        NotRenderable, UndecodableFrame: there is no picture.
    """
    frame = parameters.get("frame") or "1"
    if not _FRAME_NUMBER.fullmatch(frame):
        raise InvalidParameter("frame", frame, "a number from 1")
    number = int(frame)
    check_decodable(located, number)
    assert located.frames is not None
    description = description_of(located, number)
    is_gray = description.photometric_interpretation.startswith("MONOCHROME")
    file_window = description.voi if isinstance(description.voi, Window) else None
    window_parameter = _window_parameter(parameters) if is_gray else ""
    return PictureView(
        frame=number,
        frames=located.frames.number_of_frames,
        rows=description.rows,
        columns=description.columns,
        is_gray=is_gray,
        aspect=description.pixel_aspect,
        window_parameter=window_parameter,
        window=window_of({"window": window_parameter}) if window_parameter else file_window,
    )


def _window_parameter(parameters: Mapping[str, str]) -> str:
    """Return the window asked for by name, in numbers, or in the fields of the form."""
    center, width = parameters.get("center", ""), parameters.get("width", "")
    if center and width:
        return f"{center},{width},{_function(width)}"
    return parameters.get("window", "")


def _function(width: str) -> str:
    """Return the function that the Standard defines for windows of this width, PS3.3 C.11.2.1.2 and .3."""
    with suppress(ValueError):
        return "linear" if float(width) >= 1 else "linear-exact"
    return "linear"
