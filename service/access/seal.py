"""What a browser keeps for us without being able to read or change it: JWE, RFC 7516, `dir` and A256GCM.

The first secret encrypts; what older ones have encrypted is still read: a new secret signs nobody out.
"""

import os
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
from joserfc.errors import JoseError
from joserfc.jwe import decrypt_compact, encrypt_compact
from joserfc.jwk import OctKey

_ALGORITHMS = ["dir", "A256GCM"]
_FILE = "cookie-secret"
_MAX_LENGTH = 16 * 2**10


class Seal:
    """Encrypts small values.

    Args:
        secrets: texts, the one that encrypts first.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        self._keys = [OctKey.import_key(sha256(b"cookies" + secret.encode()).digest()) for secret in secrets]

    def seal(self, purpose: str, content: Mapping[str, Any]) -> str:
        """Return a value, encrypted for one purpose."""
        header = {"alg": "dir", "enc": "A256GCM", "typ": purpose}
        return encrypt_compact(header, orjson.dumps(content), self._keys[0], _ALGORITHMS)

    def open(self, purpose: str, text: str) -> dict[str, Any] | None:
        """Return what was encrypted for this purpose; None for anything else."""
        if len(text) > _MAX_LENGTH or not text.isascii():
            return None
        for key in self._keys:
            with suppress(JoseError, ValueError, TypeError):
                message = decrypt_compact(text, key, _ALGORITHMS)
                content = orjson.loads(message.plaintext or b"")
                return content if message.headers().get("typ") == purpose else None
        return None


def kept_secret(folder: Path) -> str:
    """Return the secret that a folder keeps for all processes, made once, for its owner alone.

    Raises:
        OSError: it can neither be read nor be made.
    """
    path = folder / _FILE
    with suppress(FileNotFoundError):
        return path.read_text("ascii").strip()
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=f".{_FILE}-")  # 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(32) + "\n")
            file.flush()
            os.fsync(descriptor)
        with suppress(FileExistsError):  # another process was first
            os.link(name, path)
    finally:
        Path(name).unlink()
    return path.read_text("ascii").strip()
