"""How long a stored file has to be: what is not is not what was stored."""

from service.errors import DamagedFile


def check_length(size: int, expected: int) -> None:
    """Return if a file is as long as what was stored.

    Raises:
        DamagedFile: it is not.
    """
    if size != expected:
        raise DamagedFile(f"it has {size} bytes, expected {expected}")
