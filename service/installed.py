"""What is installed with this package: folders of files that are no code of its own.

In a checkout, and in an editable install of it, the folders lie beside the package; in a wheel, within it.
"""

from pathlib import Path

_PACKAGE = Path(__file__).parent


def folder(name: str) -> Path:
    """Return `migrations` or `openapi`, wherever it is."""
    within = _PACKAGE / name
    return within if within.is_dir() else _PACKAGE.parent / name
