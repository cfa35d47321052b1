"""The fixture `dicomweb_server`, for the tests of any project that has this package installed.

pytest imports this file whether a project uses the fixture or not, so that the service itself is imported
only when the fixture is asked for.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from service.testing import DicomwebServer


@pytest.fixture
def dicomweb_server() -> Iterator["DicomwebServer"]:
    """A running DICOMweb server with nothing in it: `url` is its base URL, `load(folder)` fills it."""
    from service.testing import empty_server  # noqa: PLC0415 (it takes most of a second)

    with empty_server() as server:
        yield server
