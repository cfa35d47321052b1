"""Whose address a request comes from: what proxies say counts where they are trusted, and no further."""

import pytest

from service.web.http.requests.client import client_address

PROXIES = frozenset({"10.0.0.0/8", "::1"})


@pytest.mark.parametrize(
    ("connection", "fields", "address"),
    [
        pytest.param("192.0.2.1", {}, "192.0.2.1", id="no proxy"),
        pytest.param("192.0.2.1", {"x-forwarded-for": "198.51.100.7"}, "192.0.2.1", id="no trusted proxy"),
        pytest.param("10.0.0.1", {"x-forwarded-for": "198.51.100.7"}, "198.51.100.7", id="a trusted proxy"),
        pytest.param(
            "10.0.0.1",
            {"x-forwarded-for": "203.0.113.9, 198.51.100.7"},
            "198.51.100.7",
            id="what the client wrote itself does not count",
        ),
        pytest.param(
            "10.0.0.1", {"x-forwarded-for": "198.51.100.7, 10.1.2.3"}, "198.51.100.7", id="two proxies"
        ),
        pytest.param(
            "10.0.0.1", {"forwarded": 'for="[2001:db8::7]:4711";proto=https'}, "2001:db8::7", id="RFC 7239"
        ),
        pytest.param("10.0.0.1", {"x-forwarded-for": "198.51.100.7:4711"}, "198.51.100.7", id="with a port"),
        pytest.param("::1", {"x-forwarded-for": "2001:db8::7"}, "2001:db8::7", id="IPv6"),
        pytest.param("10.0.0.1", {"x-forwarded-for": "unknown"}, "10.0.0.1", id="no address"),
        pytest.param("10.0.0.1", {"x-forwarded-for": "a\nb"}, "10.0.0.1", id="nonsense"),
        pytest.param("10.0.0.1", {"x-forwarded-for": "1.2.3.4," * 500}, "10.0.0.1", id="endless"),
        pytest.param("", {"x-forwarded-for": "198.51.100.7"}, "", id="a socket without addresses"),
    ],
)
def test_the_address_is_that_of_the_client(connection: str, fields: dict[str, str], address: str) -> None:
    headers = [(name.encode(), value.encode()) for name, value in fields.items()]
    scope = {"client": (connection, 80) if connection else None, "headers": headers}

    assert client_address(scope, PROXIES) == address
