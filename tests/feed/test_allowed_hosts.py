import pytest

from service.errors import BadRequest
from service.feed.allowed_hosts import AllowedHosts

HOSTS = AllowedHosts(["hooks.example", "ci.example:8443", "http://localhost:9000", "https://[::1]"])


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example/a?b=c",
        "https://HOOKS.example:443/",
        "https://ci.example:8443",
        "http://localhost:9000/x",
        "https://[::1]/",
    ],
)
def test_hosts_that_are_named_may_be_called(url: str) -> None:
    HOSTS.check(url)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://hooks.example/", id="not encrypted, and nobody has said it may be"),
        pytest.param("https://hooks.example:8443/", id="another port"),
        pytest.param("https://evil.hooks.example/", id="a host below it"),
        pytest.param("https://hooks.example.evil/", id="a host that begins alike"),
        pytest.param("https://hooks.example@evil.example/", id="a user that looks like a host"),
        pytest.param("https://me:pw@hooks.example/", id="a password"),
        pytest.param("https://evil.example\\@hooks.example/", id="parsers that differ"),
        pytest.param("http://127.0.0.1/", id="this machine"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="the cloud's secrets"),
        pytest.param("http://localhost:9001/", id="another service of this machine"),
        pytest.param("file:///etc/passwd", id="a file"),
        pytest.param("hooks.example", id="no URL"),
        pytest.param("https://hooks.example/\nx: y", id="a line of a header"),
        pytest.param("", id="nothing"),
    ],
)
def test_nobody_else_is_called(url: str) -> None:
    with pytest.raises(BadRequest):
        HOSTS.check(url)


def test_nobody_is_called_where_nobody_is_named() -> None:
    assert not AllowedHosts([])
    with pytest.raises(BadRequest):
        AllowedHosts([]).check("https://hooks.example/")
