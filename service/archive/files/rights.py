"""Who may read an archive: whoever may read its folder, and nobody else.

What is made in it later (folders, files, the SQLite index and what SQLite lays beside it) has no more rights
than the folder itself, and than the umask leaves.
"""

import os
from pathlib import Path

_OTHERS = 0o077  # the bits of a mode that are not the owner's


def open_folder(folder: Path) -> None:
    """Make the folder of an archive, for its owner alone, or take the one that is there.

    This process gives no more rights than that folder from now on.

    Raises:
        OSError: it cannot be made.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.mkdir(mode=0o700, exist_ok=True)
    umask = os.umask(_OTHERS)
    os.umask(umask | (~folder.stat().st_mode & _OTHERS))
