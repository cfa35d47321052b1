"""The public keys of a provider: its JSON Web Key Set, RFC 7517 5."""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey
from joserfc.util import to_bytes, urlsafe_b64decode

_KINDS: Mapping[str, type[RSAKey | ECKey | OKPKey]] = {"RSA": RSAKey, "EC": ECKey, "OKP": OKPKey}
_KINDS_OF_ALGORITHMS = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
_RSA_BITS = range(2048, 8193)  # fewer are weak, more take long
_NUMBERS = ("kty", "n", "e", "crv", "x", "y")  # of public keys, and of nothing private
_MAX_KEYS = 100
_MAX_GUESSES = 4


@dataclass(frozen=True, slots=True)
class _PublicKey:
    kid: str | None
    kind: str
    algorithm: str | None
    key: Key


class KeySet:
    """Keys that verify signatures.

    Attributes:
        content: as the provider sent it.
    """

    def __init__(self, content: Sequence[Any]) -> None:
        self.content = content
        self._keys = list(_usable(content))

    def __bool__(self) -> bool:
        """Whether there are any."""
        return bool(self._keys)

    def candidates(self, kid: str | None, algorithm: str) -> list[Key]:
        """Return the keys that may have signed what names this key and this algorithm.

        What names none can be of a set of few.
        """
        kind = _KINDS_OF_ALGORITHMS[algorithm[:2]]
        keys = [
            key.key
            for key in self._keys
            if (kid is None or key.kid == kid) and key.kind == kind and key.algorithm in (None, algorithm)
        ]
        return keys if len(keys) <= _MAX_GUESSES else []


def _usable(content: Iterable[Any]) -> Iterable[_PublicKey]:
    """Yield the keys that can be used: a broken one among them spoils no other."""
    for value in list(content)[:_MAX_KEYS]:
        with suppress(JoseError, ValueError, TypeError, KeyError):
            if isinstance(value, dict) and value.get("use", "sig") == "sig" and value["kty"] in _KINDS:
                yield _public_key(value)


def _public_key(value: dict[str, Any]) -> _PublicKey:
    kind, kid, algorithm = value["kty"], value.get("kid"), value.get("alg")
    if kind == "RSA" and _bits(value["n"]) not in _RSA_BITS:
        raise ValueError("of too few or too many bits")
    if not isinstance(kid, str | None) or not isinstance(algorithm, str | None):
        raise TypeError("no text")
    public: dict[str, Any] = {name: value[name] for name in _NUMBERS if name in value}
    key = _KINDS[kind].import_key(public)
    assert key.public_key is not None  # raises what is wrong with its numbers
    return _PublicKey(kid, kind, algorithm, key)


def _bits(text: str) -> int:
    return int.from_bytes(urlsafe_b64decode(to_bytes(text))).bit_length()
