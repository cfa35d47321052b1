"""A package with a few files, of the form of `@ohif/app`."""

import base64
import hashlib
import tarfile
from io import BytesIO
from pathlib import Path

FILES = {
    "package/package.json": b"{}",
    "package/dist/index.html": b'<script>window.PUBLIC_URL="/"</script>'
    b'<script src="/app.bundle.0123456789abcdef.js"></script>',
    "package/dist/app.bundle.0123456789abcdef.js": b"let ohif;",
    "package/dist/app.bundle.0123456789abcdef.js.map": b"{}",
    "package/dist/0123456789abcdef.wasm": b"\0asm",
    "package/dist/assets/icon.png": b"\x89PNG",
    "package/dist/app-config.js": b"window.config = {}",
    "package/dist/ort/ort.js": b"",
}


def package(folder: Path) -> Path:
    """Write it and return its path."""
    path = folder / "ohif.tgz"
    with tarfile.open(path, "w:gz") as archive:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, BytesIO(content))
    return path


def integrity_of(path: Path) -> str:
    """Return the hash of a package, as npm's registry lists it."""
    return f"sha512-{base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()}"
