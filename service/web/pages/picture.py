"""A frame as a page shows it: which one, through which window, in which size."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from service.archive.instance import Located
from service.errors import InvalidParameter
from service.imaging.decoder import check_decodable, description_of
from service.pixels.window import Window
from service.web.rendered.parameters import window_of

_MAX_SIDE = 1024  # of a picture that comes without being asked for in a size
_FRAME = re.compile(r"[1-9][0-9]{0,8}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Picture:
    """A frame as the page shows it.

    Attributes:
        frame: its number, counted from 1.
        frames: how many the instance has.
        rows: of the matrix.
        columns: of the matrix.
        is_gray: it has values that a window maps to gray.
        is_square: its pixels are as high as wide.
        asked: the value of the `window` parameter; empty for the file's own window.
        window: through which it is seen; None where neither query nor file name one.
    """

    frame: int
    frames: int
    rows: int
    columns: int
    is_gray: bool
    is_square: bool
    asked: str
    window: Window | None

    def query(self) -> str:
        """Return the query of the rendered frame."""
        is_large = max(self.rows, self.columns) > _MAX_SIDE or not self.is_square
        wanted = {
            "accept": "image/jpeg",
            "window": self.asked,
            "viewport": f"{_MAX_SIDE},{_MAX_SIDE}" if is_large else "",
        }
        return urlencode({name: value for name, value in wanted.items() if value}, safe="/,")


def picture_of(located: Located, parameters: Mapping[str, str]) -> Picture:
    """Return what is shown of an instance.

    Raises:
        InvalidParameter, InvalidWindow, FrameNotFound: the query asks for what cannot be.
        NotRenderable, UndecodableFrame: there is no picture.
    """
    frame = parameters.get("frame") or "1"
    if not _FRAME.fullmatch(frame):
        raise InvalidParameter("frame", frame, "a number from 1")
    number = int(frame)
    check_decodable(located, number)
    assert located.frames is not None
    description = description_of(located, number)
    is_gray = description.photometric_interpretation.startswith("MONOCHROME")
    own = description.voi if isinstance(description.voi, Window) else None
    asked = _asked_window(parameters) if is_gray else ""
    return Picture(
        frame=number,
        frames=located.frames.number_of_frames,
        rows=description.rows,
        columns=description.columns,
        is_gray=is_gray,
        is_square=description.pixel_aspect == 1,
        asked=asked,
        window=window_of({"window": asked}) or own,
    )


def _asked_window(parameters: Mapping[str, str]) -> str:
    """Return the window asked for by name, in numbers, or in the fields of the form."""
    center, width = parameters.get("center", ""), parameters.get("width", "")
    if center and width:
        return f"{center},{width},linear"
    return parameters.get("window", "")
