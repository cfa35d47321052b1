"""Paths as clients send them: slashes doubled and trailing, where a base URL and a path were put together.

They are read as if they had been written once, and nobody is redirected: a path such as //host/studies would
be another host in a Location. Pages are left alone, since their links count the slashes.
"""

import re

_SLASHES = re.compile("//+")
_BESIDE = "/wado"  # of the URI Service, which is at the top of the site too


def resource_path(method: str, path: str, root: str) -> str:
    """Return the path of the resource that a request is for.

    Of what is to be deleted only slashes around the base URL are put right: a UID that is empty by mistake
    must never make it a request for what is above.

    Args:
        method: of the request.
        path: percent-decoded.
        root: path of the service, as in `/dicom-web`.
    """
    if "//" not in path and not path.endswith("/"):
        return path
    once = _SLASHES.sub("/", path)
    if once.rstrip("/") == _BESIDE:
        return _BESIDE
    if not once.startswith(f"{root}/"):
        return path
    if method == "DELETE":
        before, _, rest = path.lstrip("/").partition(root.lstrip("/"))
        return path if before else f"{root}/{rest.lstrip('/')}"
    return once.rstrip("/") if once != f"{root}/" else once
