"""What a request says of who asks: the header Authorization, or `?token=` where an <img> has to ask."""

import binascii
from base64 import b64decode
from typing import NamedTuple

from starlette.requests import Request

from service.errors import Unauthorized

TOKEN_PARAMETER = "token"  # noqa: S105 (no password)

_MAX_LENGTH = 16 * 2**10


class Credential(NamedTuple):
    """A secret that was sent.

    Attributes:
        secret: a key, or a token.
        is_password: it came as the password of Basic, where only keys come.
    """

    secret: str
    is_password: bool = False


def credential_of(request: Request, *, in_query: bool) -> Credential | None:
    """Return what was sent of who asks; None if nothing.

    Args:
        request: that asks.
        in_query: whether the query may bring it.

    Raises:
        Unauthorized: it came several times, or in a form that is none.
    """
    values = [
        value for name, value in request.scope["headers"] if name == b"authorization"
    ]  # of every request
    if len(values) > 1:
        raise Unauthorized("several Authorization headers, expected one")
    if values:
        return _checked(_of_header(values[0].decode("latin-1")))
    secret = request.query_params.get(TOKEN_PARAMETER) if in_query else None
    return _checked(Credential(secret)) if secret else None


def _of_header(header: str) -> Credential:
    scheme, _, value = header.strip().partition(" ")
    match scheme.lower():
        case "bearer":
            return Credential(value.strip())
        case "basic":
            return Credential(_password(value.strip()), is_password=True)
    raise Unauthorized("the Authorization header is of another scheme than Bearer or Basic")


def _password(value: str) -> str:
    """Return what stands after the first colon: a user's name has none (RFC 7617 2)."""
    try:
        _, colon, password = b64decode(value, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as error:
        raise Unauthorized("the credentials of Basic are not base64 of UTF-8") from error
    if not colon:
        raise Unauthorized("the credentials of Basic have no colon")
    return password


def _checked(credential: Credential) -> Credential:
    if len(credential.secret) > _MAX_LENGTH:
        raise Unauthorized(f"credentials of more than {_MAX_LENGTH} characters")
    return credential
