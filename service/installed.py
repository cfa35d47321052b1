"""What is installed with this package: folders of files that are no code of its own, and its version.

In a checkout, and in an editable install of it, the folders lie beside the package; in a wheel, within it.
"""

from functools import lru_cache
from importlib.metadata import version as version_of
from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return `migrations` or `openapi`, wherever it is."""
    inner = _PACKAGE / name
    return inner if inner.is_dir() else _PACKAGE.parent / name


@lru_cache(maxsize=1)
def version() -> str:
    """Return the version of this package, as in 0.1.0."""
    return version_of("dicomweb-service")
