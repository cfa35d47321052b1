"""OHIF, made ready to be served under any path: fetched from npm, checked, and adapted.

The package `@ohif/app` is a finished build, made for the root of a site. Its root path is compiled in, and
becomes relative here; what would load from elsewhere, and what is never asked for, is left out. Files that
compress well are kept compressed alone: 15 MB instead of 204. The package is pinned by its hash, so that
what is adapted is known to the byte.
"""

import base64
import gzip
import re
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fnmatch import fnmatch
from hashlib import file_digest, sha256
from pathlib import Path, PurePosixPath

import anyio.to_thread
from isal import igzip

from service.errors import NotFound, Unavailable

VERSION = "3.13.2"
_COMPRESSED = ".gz"

_NPM_PACKAGE = f"@ohif/app@{VERSION}"
INTEGRITY = "sha512-WZdxmpmG7rqFgW9ZJLcbgr3XCtLi1KDNPoMaeY5PPe6j4G4fjEjjkycZM6C6Zk2F87BKxFfpq+jd5xXZB9E8EA=="
_MARK_NAME = "ohif-version"  # a file of this name says which adaptation a folder holds
_EDITION = f"{VERSION}.1"  # its last number changes with the tables below
_TOP = PurePosixPath("package/dist")

# Source maps, the 136 MB of a runtime for an optional AI model, and what other deployments need.
_LEFT_OUT = (
    "*.map", "ort/*", "app-config.js", "google.js", "init-service-worker.js", "sw.js", "customizations/*",
    "silent-refresh.html", "oidc-client.min.js", "es6-shim.min.js", "polyfill.min.js",
    "_headers", "_redirects", "serve.json", "*.webapp",
)  # fmt: skip

# Where the root path is compiled in: files, what they say, what they have to say. The page itself is adapted
# when it is sent, since it is sent for many paths; it sets PUBLIC_URL, which workers do not have.
_COMPILED_IN = (
    (
        "*.bundle.*.js",
        b'__webpack_require__.p = "/"',
        b'__webpack_require__.p = self.PUBLIC_URL || new URL("./", self.location).pathname',
    ),
    ("app.bundle.*.js", b"browserImportFunction('/", b"browserImportFunction(self.PUBLIC_URL + '"),
    ("*.css", b"url(/", b"url("),
    ("manifest.json", b'"/assets/', b'"assets/'),
    ("assets/*", b'"/assets/', b'"'),
)

_HASHED = re.compile(r"(^|.*\.)[0-9a-f]{16}\.(js|wasm|woff2)")
_COMPRESSIBLE = (".css", ".html", ".js", ".json", ".jsonc", ".svg", ".wasm", ".xml")


@dataclass(frozen=True, slots=True)
class OhifFile:
    """A file of OHIF that is installed.

    Attributes:
        path: where it lies.
        is_compressed: it lies there as gzip.
        digest: SHA-256 of what lies there.
    """

    path: Path
    is_compressed: bool
    digest: bytes

    @property
    def is_hashed(self) -> bool:
        """Whether its name changes with what is in it."""
        return bool(_HASHED.fullmatch(self.path.name.removesuffix(_COMPRESSED)))

    def read(self, *, compressed: bool = False) -> bytes:
        """Return what is in it.

        Raises:
            NotFound: it has been deleted.
        """
        try:
            content = self.path.read_bytes()
        except FileNotFoundError as error:
            raise NotFound("this file of OHIF has been deleted, `make viewer` brings it back") from error
        return content if compressed or not self.is_compressed else gzip.decompress(content)


class OhifFiles:
    """The files of OHIF in a folder, listed when they are first there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._files: Mapping[str, OhifFile] = {}

    async def all(self) -> Mapping[str, OhifFile]:
        """Return the files by their path in the folder; none while OHIF is not installed."""
        if not self._files:
            self._files = await anyio.to_thread.run_sync(_files_in, self.folder)
        return self._files


def _files_in(folder: Path) -> dict[str, OhifFile]:
    if not is_installed(folder):
        return {}
    paths = (path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix().removesuffix(_COMPRESSED): _ohif_file(path) for path in paths}


def _ohif_file(path: Path) -> OhifFile:
    return OhifFile(path, path.suffix == _COMPRESSED, sha256(path.read_bytes()).digest())


def is_installed(folder: Path) -> bool:
    """Tell whether the folder holds OHIF as this version of the service serves it."""
    mark = folder / _MARK_NAME
    return mark.is_file() and mark.read_text() == _EDITION


def install(folder: Path, package: Path | None = None, integrity: str = INTEGRITY) -> None:
    """Make OHIF ready in a folder; nothing happens when it is there already.

    Args:
        folder: to be made; one that is there has to be empty, or to hold an OHIF that this replaces.
        package: the package as a file; it is fetched from npm without one.
        integrity: the hash that it must have.

    Raises:
        Unavailable: the package cannot be had, is not the one that is expected, or the folder is in use.
    """
    if is_installed(folder):
        return
    if folder.exists() and any(folder.iterdir()) and not (folder / _MARK_NAME).exists():
        raise Unavailable(f"{folder} holds other files, expected an empty folder or one with OHIF")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".ohif-") as name:
        place = Path(name)
        package_file = package or _fetch(place)
        _check(package_file, integrity)
        _unpack(package_file, place / "made")
        (place / "made" / _MARK_NAME).write_text(_EDITION)
        if folder.exists():
            folder.rename(place / "replaced")
        (place / "made").rename(folder)


def _fetch(place: Path) -> Path:
    """Return the package, fetched by npm, whose configuration names the registry."""
    if not (npm := shutil.which("npm")):
        raise Unavailable(f"npm is needed to fetch {_NPM_PACKAGE}, and is not installed")
    command = [
        npm,
        "pack",
        _NPM_PACKAGE,
        "--ignore-scripts",
        "--loglevel=error",
        f"--pack-destination={place}",
    ]
    process = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - nothing from outside
    packages = list(place.glob("*.tgz"))
    if process.returncode or not packages:
        reason = (process.stderr.strip().splitlines() or ["no reason given"])[0]
        raise Unavailable(f"npm could not fetch {_NPM_PACKAGE}: {reason}")
    return packages[0]


def _check(package: Path, integrity: str) -> None:
    """Compare a package with the hash that npm's registry lists for it.

    Raises:
        Unavailable: it is another one.
    """
    with package.open("rb") as file:
        digest = f"sha512-{base64.b64encode(file_digest(file, 'sha512').digest()).decode()}"
    if digest != integrity:
        raise Unavailable(f"{package.name} is not {_NPM_PACKAGE}: found {digest}, expected {integrity}")


def _unpack(package: Path, place: Path) -> None:
    with tarfile.open(package) as archive:
        for name, content in _site_files(archive):
            path = place / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix in _COMPRESSIBLE:
                path.with_name(path.name + _COMPRESSED).write_bytes(igzip.compress(adapted(name, content), 3))
            else:
                path.write_bytes(content)


def _site_files(archive: tarfile.TarFile) -> Iterator[tuple[str, bytes]]:
    """Yield the files that are kept: their path below the root of the site, and what is in them."""
    for member in archive:
        path = PurePosixPath(member.name)
        if not member.isfile() or not path.is_relative_to(_TOP):
            continue
        name = str(path.relative_to(_TOP))
        file = archive.extractfile(member)
        if file is not None and not any(fnmatch(name, pattern) for pattern in _LEFT_OUT):
            yield name, file.read()


def adapted(name: str, content: bytes) -> bytes:
    """Return a file of OHIF with its root path made relative."""
    for pattern, text, replacement in _COMPILED_IN:
        if fnmatch(name, pattern):
            content = content.replace(text, replacement)
    return content
