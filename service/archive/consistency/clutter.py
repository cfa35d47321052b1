"""Clutter: files beside those that people mean. Systems put them into folders, and a disc has a DICOMDIR.

A DICOMDIR lists the files of a disc. They are found without it, and it is no instance: PS3.10 8.6.
"""

import re
from pathlib import PurePath

_FILES = re.compile(
    r"\._.*"  # macOS: what a file has besides its content
    r"|\.ds_store|\.localized|icon\r|\.apdisk|\.volumeicon\.icns|\.com\.apple\..*|\.metadata_never_index"
    r"|(eh)?thumbs(_vista)?\.db(:encryptable)?|desktop\.ini|autorun\.inf"  # Windows
    r"|\.directory|\.nfs[0-9a-f]+|\.fuse_hidden.*|\.hidden"  # Linux
    r"|dicomdir\.?(;1)?"  # of discs, whose file system may number versions
    r"|\.~lock\..*#|~\$.*|\.syncthing\..*|\.gitkeep|\.gitignore",  # of programs
    re.IGNORECASE,
)
_FOLDERS = re.compile(
    r"__macosx|\.spotlight-v100|\.trashes|\.fseventsd|\.temporaryitems|\.documentrevisions-v100|\.appledouble"
    r"|\$recycle\.bin|system volume information|recycler"
    r"|\.trash-[0-9]+|lost\+found|@eadir|#recycle|\.git|\.svn",
    re.IGNORECASE,
)


def is_clutter(path: PurePath) -> bool:
    """Tell whether a file, by its path below the folder that is looked through, is such a one."""
    return bool(_FILES.fullmatch(path.name)) or any(map(_FOLDERS.fullmatch, path.parts[:-1]))
