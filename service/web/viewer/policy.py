"""What OHIF's page may load and run, and who may hold it in a frame: its Content-Security-Policy."""

import base64
import re
from collections.abc import Sequence
from hashlib import sha256

_SCRIPT = re.compile(rb"<script>(.*?)</script>", re.DOTALL)

# Decoders are WebAssembly and make functions of text; workers and thumbnails are made as blobs; components
# bring their styles with them. All of it comes from here, as does all that is asked for.
_DIRECTIVES = (
    "default-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "font-src 'self' data:",
    "media-src 'self' blob:",
    "connect-src 'self' data: blob:",
    "worker-src 'self' blob:",
    "frame-src 'self' blob:",
    "object-src 'self' blob:",
    "base-uri 'self'",
    "form-action 'self'",
)


def content_policy(page: bytes, frames: Sequence[str]) -> str:
    """Return the policy of a page.

    Args:
        page: whose own scripts may run: those that are written in it, and no other.
        frames: whose pages may hold it in a frame.
    """
    digests = (base64.b64encode(sha256(script).digest()).decode() for script in _SCRIPT.findall(page))
    scripts = " ".join(f"'sha256-{digest}'" for digest in digests)
    return "; ".join(
        (
            *_DIRECTIVES,
            f"script-src 'self' blob: 'wasm-unsafe-eval' 'unsafe-eval' {scripts}".rstrip(),
            f"frame-ancestors {' '.join(frames)}",
        )
    )
