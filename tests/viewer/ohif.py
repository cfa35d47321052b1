"""OHIF in a browser, as its user sees it: studies, series, pictures."""

from collections.abc import Sequence
from typing import Any

import imagecodecs
import numpy as np
from playwright.async_api import Locator, Page, Response

from tests.viewer.recording import Exchange, without_boundary
from tests.waiting import until

Array = np.ndarray[Any, Any]

_FLAT = 10  # standard deviation of a picture with nothing to see, in gray levels
_ALIKE = 2  # gray levels that two pictures of the same frame may differ in the mean

_EVERY = 3  # of the rows and columns of a picture, that is compared

_VIEWPORT = "window.cornerstone?.getRenderingEngines()[0]?.getViewports()[index]"
_IMAGE = f"index => {_VIEWPORT}?.getCurrentImageId() ?? ''"
_FOCAL_POINT = f"index => {_VIEWPORT}?.getCamera().focalPoint ?? [0, 0, 0]"
_LEVELS = f"""([index, points]) => {{
    const v = {_VIEWPORT}, canvas = v?.getCanvas();
    if (!canvas?.width) return points.map(() => [0, 0, 0]);
    const {{data, width}} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    return points.map(point => {{
        const [x, y] = v.worldToCanvas(point).map(Math.floor), at = 4 * (y * width + x);
        return [...data.slice(at, at + 3)];
    }});
}}"""
_IS_ARRANGED = "window.services?.hangingProtocolService.getState()"
_CENTERS = """([image, pixels]) => pixels.map(([row, column]) =>
    [...cornerstone.utilities.imageToWorldCoords(image, [column + 0.5, row + 0.5])]
)"""


class Ohif:
    """A page of OHIF, and what it asked for.

    Attributes:
        page: the browser's.
        origin: where OHIF comes from.
        base_url: of the DICOMweb service that it works with.
        exchanges: with that service.
        elsewhere: URLs asked for at any other place.
    """

    def __init__(self, page: Page, origin: str, base_url: str) -> None:
        self.page = page
        self.origin = origin
        self.base_url = base_url
        self.exchanges: list[Exchange] = []
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        page.on("response", self._notice)

    async def list_studies(self) -> None:
        """Open the study list."""
        await self.page.goto(f"{self.origin}/viewer/")
        await self.page.locator("tbody tr").nth(1).wait_for()

    async def rows(self) -> list[list[str]]:
        """Return the cells of each study in the list."""
        cells = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
        texts: list[list[str]] = await self.page.locator("tbody tr").evaluate_all(cells)
        return [row for row in texts[1:] if len(row) > 1]  # the first holds the filters

    async def open_study(self, study: int, mode: str = "viewer") -> None:
        """Open a study of the phantoms, and wait until OHIF has decided by itself what it shows first."""
        await self.page.goto(f"{self.origin}/viewer/{mode}?StudyInstanceUIDs=2.25.{study}")
        await self.page.wait_for_function(_IS_ARRANGED)
        await self.page.locator("[data-cy=viewport-pane]").first.wait_for()

    async def open_images(self, study: int) -> None:
        """Open a study, and wait until its first image is shown as this service renders it."""
        await self.open_study(study)
        assert await until(self.shows_as_rendered)

    def series(self, description: str) -> Locator:
        """Return the thumbnail, or the entry without one, of a series."""
        return self.page.locator("[data-cy^=study-browser-thumbnail]", has_text=description)

    async def open_series(self, description: str) -> None:
        """Show a series in the active viewport."""
        await self.series(description).dblclick()

    def button(self, name: str) -> Locator:
        """Return a button by what stands on it."""
        return self.page.get_by_role("button", name=name, exact=True)

    async def displayed(self, index: int = 0) -> str:
        """Return the path of the frame that a viewport shows, below the base URL."""
        return _path(await self._image(index))

    async def focal_point(self, index: int = 0) -> list[float]:
        """Return the point of the patient that a viewport stands at, in mm."""
        point: list[float] = await self.page.evaluate(_FOCAL_POINT, index)
        return point

    async def levels(self, points: Sequence[Any], index: int = 0) -> Array:
        """Return red, green and blue of a viewport at points of the patient, in mm; 0 outside of it."""
        colours = await self.page.evaluate(_LEVELS, [index, list(points)])
        return np.array([[*levels, 0, 0, 0][:3] for levels in colours])

    async def get(self, path: str) -> bytes:
        """Return what the service answers to a request of our own."""
        answer = await self.page.request.get(self.base_url + path)
        assert answer.ok, await answer.text()
        return await answer.body()

    async def shows_as_rendered(self, window: str = "") -> bool:
        """Tell whether the first viewport shows its frame as our own rendering of it does."""
        if not (image := await self._image()):
            return False
        rendered = await self.get(f"{_path(image)}/rendered?accept=image/png{window}")
        expected = np.atleast_3d(imagecodecs.png_decode(rendered)[::_EVERY, ::_EVERY]).astype(float)
        picture = await self._picture(image, expected.shape[:2])
        return bool(expected.std() > _FLAT and np.abs(picture - expected).mean() < _ALIKE)

    def asked_for(self, ending: str) -> list[Exchange]:
        """Return the exchanges whose path ends so."""
        return [exchange for exchange in self.exchanges if exchange.path.endswith(ending)]

    async def _image(self, index: int = 0) -> str:
        """Return how OHIF names the image in a viewport; nothing while there is none."""
        image: str = await self.page.evaluate(_IMAGE, index)
        return image

    async def _picture(self, image: str, shape: tuple[int, ...]) -> Array:
        """Return what the first viewport shows where pixels of an image are, shape (rows, columns, 3)."""
        pixels = _EVERY * np.argwhere(np.ones(shape))
        points = await self.page.evaluate(_CENTERS, [image, pixels.tolist()])
        return (await self.levels(points)).reshape(*shape, 3)

    def _notice(self, response: Response) -> None:
        url, headers = response.url, response.request.headers
        if url.startswith("http") and not url.startswith((self.base_url, f"{self.origin}/viewer")):
            self.elsewhere.append(url)
        exchange = Exchange(
            response.request.method,
            url.removeprefix(self.base_url),
            headers.get("accept", ""),
            headers.get("range", ""),
            response.status,
            without_boundary(response.headers.get("content-type", "")),
        )
        if url.startswith(self.base_url) and response.headers:  # of what a PDF viewer loads there are none
            self.exchanges.append(exchange)
        if response.status >= 400:
            self.errors.append(f"{response.status} {url}")


def _path(image: str) -> str:
    return image.partition(":")[2].partition("/dicom-web")[2]
