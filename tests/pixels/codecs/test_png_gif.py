"""PNG and GIF on their way in."""

import imagecodecs
import numpy as np
import pytest

from service.errors import UndecodableFrame
from service.pixels.codecs import png_gif
from service.pixels.codecs.png_gif import native_frames

GRAY = np.arange(48, dtype=np.uint8).reshape(6, 8)
COLOUR = np.arange(144, dtype=np.uint8).reshape(6, 8, 3)


@pytest.mark.parametrize(
    ("media_type", "content", "size"),
    [
        pytest.param("image/png", imagecodecs.png_encode(GRAY), 48, id="PNG"),
        pytest.param("image/png", imagecodecs.png_encode(COLOUR.astype(np.uint16)), 288, id="16 bits"),
        pytest.param("image/gif", imagecodecs.gif_encode(np.stack([GRAY] * 5)), 5 * 144, id="animation"),
    ],
)
def test_what_is_too_large_decoded_is_never_decoded(
    media_type: str, content: bytes, size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert len(native_frames(content, media_type)[1]) == size

    monkeypatch.setattr(png_gif, "MAX_PICTURE_BYTES", size - 1)

    with pytest.raises(UndecodableFrame, match="expected up to"):
        native_frames(content, media_type)
