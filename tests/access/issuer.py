"""A small OpenID provider of our own, which misbehaves when a test wants it to.

It signs everybody in at once, without asking who they are.
"""

import json
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Event, Thread
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jws
from joserfc.jwk import ECKey, OctKey, RSAKey

AUDIENCE = "https://pacs.example"
CLIENT, SECRET = "pacs", "a secret: with + signs"
DISCOVERY, JWKS = "/.well-known/openid-configuration", "/keys"

Key = RSAKey | ECKey | OctKey
Answer = tuple[int, str, bytes]


def rsa_key(kid: str) -> RSAKey:
    """Return a new key of this name."""
    return RSAKey.generate_key(2048, {"kid": kid})


def signed(key: Key, claims: dict[str, Any], algorithm: str = "RS256", **header: Any) -> str:
    """Return a JSON Web Token, whatever is in it."""
    registry = jws.JWSRegistry(algorithms=[algorithm], strict_check_header=False)
    head = {"alg": algorithm, "kid": key.kid, "typ": "JWT"} | header
    return jws.serialize_compact(
        {name: value for name, value in head.items() if value is not None},
        json.dumps(claims),
        key,
        registry=registry,
    )


class Issuer:
    """A provider.

    Attributes:
        url: of it.
        keys: that it signs with, the first of them.
        asked: paths that it was asked for, in order.
        answers: path → what is answered there instead of the right thing.
        claims: that are in the ID tokens of people.
        released: lets answers go on that hang.
    """

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.url = f"http://127.0.0.1:{server.server_address[1]}"
        self.keys: list[Key] = [rsa_key("first")]
        self.asked: list[str] = []
        self.answers: dict[str, Callable[[], Answer | None]] = {}
        self.claims: dict[str, Any] = {"preferred_username": "ada", "roles": ["reader"]}
        self.released = Event()
        self._codes: dict[str, dict[str, str]] = {}

    def token(self, **claims: Any) -> str:
        """Return an access token with these claims; a claim of None is left out."""
        return signed(self.keys[0], self.content(**claims))

    def content(self, **claims: Any) -> dict[str, Any]:
        """Return the claims of an access token."""
        now = int(time.time())
        content = {
            "iss": self.url,
            "sub": "robot-7",
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + 300,
            "roles": ["reader"],
        }
        return {name: value for name, value in (content | claims).items() if value is not None}

    def hang(self) -> Answer | None:
        """Answer nothing until it is released."""
        self.released.wait()
        return None

    def answer(self, path: str, fields: dict[str, str], user: str) -> Answer | str | None:
        """Return what is answered; the URL of a redirect as a text."""
        self.asked.append(path)
        if path in self.answers:
            return self.answers[path]()
        match path:
            case _ if path == DISCOVERY:
                return as_json(self.metadata())
            case _ if path == JWKS:
                return as_json({"keys": [key.as_dict(private=False) for key in self.keys]})
            case "/authorize":
                code = f"code-{len(self._codes)}"
                self._codes[code] = fields
                return f"{fields['redirect_uri']}?{urlencode({'code': code, 'state': fields['state']})}"
            case "/token":
                return self._exchanged(fields, user)
        return 404, "text/plain", b"nothing"

    def metadata(self) -> dict[str, Any]:
        """Return what discovery tells."""
        return {
            "issuer": self.url,
            "jwks_uri": self.url + JWKS,
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/token",
            "end_session_endpoint": f"{self.url}/end",
        }

    def _exchanged(self, fields: dict[str, str], user: str) -> Answer:
        began = self._codes.pop(fields.get("code", ""), None)
        challenge = urlsafe_b64encode(sha256(fields.get("code_verifier", "").encode()).digest())
        if began is None or began["code_challenge"] != challenge.rstrip(b"=").decode():
            return as_json({"error": "invalid_grant"}, 400)
        if user != f"{CLIENT}:{urlencode({'': SECRET})[1:]}":
            return as_json({"error": "invalid_client"}, 401)
        more = {"aud": CLIENT, "nonce": began["nonce"], "roles": None} | self.claims
        return as_json({"access_token": "opaque", "id_token": self.token(**more)})


def as_json(content: object, status: int = 200) -> Answer:
    """Return an answer that is JSON."""
    return status, "application/json", json.dumps(content).encode()


@contextmanager
def issuing() -> Iterator[Issuer]:
    """Run a provider."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            self._say(parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()})

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self._say(self.path, {name: values[0] for name, values in parse_qs(body).items()})

        def _say(self, path: str, fields: dict[str, str]) -> None:
            answer = issuer.answer(path, fields, _user(self.headers.get("authorization", "")))
            if answer is None:
                return
            status, kind, body = (303, "text/plain", b"") if isinstance(answer, str) else answer
            self.send_response(status)
            if isinstance(answer, str):
                self.send_header("location", answer)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # who is sent too much goes away

    with Server(("127.0.0.1", 0), Handler) as server:
        issuer = Issuer(server)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield issuer
        finally:
            issuer.released.set()
            server.shutdown()
            thread.join()


def _user(header: str) -> str:
    return b64decode(header.partition(" ")[2]).decode()
