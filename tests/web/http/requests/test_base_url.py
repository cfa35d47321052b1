from typing import Any

import pytest

from service.web.http.requests.base_url import base_url, is_trusted

LOCAL = frozenset({"127.0.0.1", "::1"})


def scope(
    headers: dict[str, str],
    client: str = "127.0.0.1",
    server: Any = ("127.0.0.1", 8080),
    scheme: str = "http",
) -> dict[str, Any]:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"scheme": scheme, "client": (client, 50000), "server": server, "headers": raw}


def url(headers: dict[str, str], **connection: Any) -> str:
    return base_url(scope(headers, **connection), "/dicom-web", None, LOCAL)


@pytest.mark.parametrize("public_url", ["https://pacs.example/dicom-web", "https://pacs.example/dicom-web/"])
def test_the_setting_wins(public_url: str) -> None:
    headers = {"host": "elsewhere", "x-forwarded-host": "proxy"}

    assert base_url(scope(headers), "/dicom-web", public_url, LOCAL) == "https://pacs.example/dicom-web"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param({"host": "localhost:8080"}, "http://localhost:8080", id="the Host field"),
        pytest.param({"host": "localhost"}, "http://localhost:8080", id="Host without the port"),
        pytest.param({"host": "[::1]"}, "http://[::1]:8080", id="IPv6 without the port"),
        pytest.param({"host": "[::1]:99"}, "http://[::1]:99", id="IPv6"),
        pytest.param({}, "http://127.0.0.1:8080", id="no Host field"),
        pytest.param({"host": 'a"><script>'}, "http://127.0.0.1:8080", id="no host at all"),
        pytest.param({"host": "a/b"}, "http://127.0.0.1:8080", id="a path in the host"),
        pytest.param({"host": "a@b"}, "http://127.0.0.1:8080", id="a user in the host"),
        pytest.param({"host": "a\r\nX: y"}, "http://127.0.0.1:8080", id="a line end in the host"),
        pytest.param({"host": "a" * 300}, "http://127.0.0.1:8080", id="an endless host"),
        pytest.param({"host": "a" * 3000}, "http://127.0.0.1:8080", id="a field that is not looked at"),
    ],
)
def test_without_a_proxy_the_connection_tells(headers: dict[str, str], expected: str) -> None:
    assert url(headers) == f"{expected}/dicom-web"


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"sec-fetch-site": "same-origin"}, "http://pacs.example"),
        ({"origin": "http://pacs.example"}, "http://pacs.example"),
        ({"referer": "http://pacs.example/browse/1.2"}, "http://pacs.example"),
        ({"origin": "http://viewer.example"}, "http://pacs.example:8080"),
        ({"referer": "http://pacs.example:8080/"}, "http://pacs.example:8080"),
    ],
)
def test_a_host_without_the_port_has_none_where_the_client_says_so_twice(
    more: dict[str, str], expected: str
) -> None:
    assert url({"host": "pacs.example"} | more) == f"{expected}/dicom-web"


@pytest.mark.parametrize(
    ("server", "scheme", "expected"),
    [
        (("10.0.0.1", 80), "http", "http://10.0.0.1"),
        (("10.0.0.1", 443), "https", "https://10.0.0.1"),
        (("10.0.0.1", 443), "http", "http://10.0.0.1:443"),
        (("::1", 8080), "http", "http://[::1]:8080"),
        (("/run/service.sock", None), "http", "http://localhost"),
        (None, "http", "http://localhost"),
    ],
)
def test_the_server_s_own_address_stands_in_for_the_host(server: Any, scheme: str, expected: str) -> None:
    assert url({}, server=server, scheme=scheme) == f"{expected}/dicom-web"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        pytest.param(
            {"forwarded": "for=1.2.3.4;proto=https;host=pacs.example, for=10.0.0.1;proto=http;host=inner"},
            "https://pacs.example",
            id="Forwarded, its first element",
        ),
        pytest.param(
            {"forwarded": 'for="[::1]:5";Host="pacs.example:8443";Proto=HTTPS'},
            "https://pacs.example:8443",
            id="Forwarded, quoted",
        ),
        pytest.param(
            {"forwarded": "host=a", "x-forwarded-host": "b"},
            "http://a",
            id="Forwarded before X-Forwarded-Host",
        ),
        pytest.param(
            {"x-forwarded-proto": "https", "x-forwarded-host": "pacs.example, inner"},
            "https://pacs.example",
            id="X-Forwarded-Host, its first value",
        ),
        pytest.param(
            {"x-forwarded-host": "pacs.example", "x-forwarded-port": "8443", "x-forwarded-proto": "https"},
            "https://pacs.example:8443",
            id="X-Forwarded-Port",
        ),
        pytest.param(
            {"x-forwarded-host": "pacs.example", "x-forwarded-port": "443", "x-forwarded-proto": "https"},
            "https://pacs.example",
            id="the scheme's own port",
        ),
        pytest.param(
            {"x-forwarded-proto": "https", "host": "pacs.example"},
            "https://pacs.example",
            id="the scheme alone",
        ),
        pytest.param(
            {"x-forwarded-host": "pacs.example", "x-forwarded-prefix": "/imaging/"},
            "http://pacs.example/imaging",
            id="X-Forwarded-Prefix",
        ),
        pytest.param(
            {
                "x-forwarded-proto": "javascript",
                "x-forwarded-host": "a b",
                "x-forwarded-prefix": '/"',
                "host": "h",
            },
            "http://h",
            id="nothing of it has the right form",
        ),
    ],
)
def test_a_trusted_proxy_tells_what_the_client_sees(headers: dict[str, str], expected: str) -> None:
    assert url(headers) == f"{expected}/dicom-web"


def test_nobody_else_is_believed() -> None:
    headers = {"host": "host:1", "forwarded": "host=evil", "x-forwarded-host": "evil"}

    assert url(headers, client="192.0.2.1") == "http://host:1/dicom-web"


@pytest.mark.parametrize(
    ("address", "proxy", "expected"),
    [
        ("10.1.2.3", "10.0.0.0/8", True),
        ("11.1.2.3", "10.0.0.0/8", False),
        ("::ffff:10.1.2.3", "10.0.0.0/8", True),
        ("fd00::1", "fd00::/8", True),
        ("10.1.2.3", "fd00::/8", False),
        ("anything", "*", True),
        ("", "127.0.0.1", False),
        ("testclient", "testclient", True),
    ],
)
def test_proxies_are_addresses_networks_or_everyone(address: str, proxy: str, expected: bool) -> None:
    assert is_trusted(address, frozenset({proxy})) is expected
