"""The file of peers: who may call, and who can be called."""

import re
from pathlib import Path

import pytest

from service.dimse.network.peers import parsed_peers
from service.permissions import ROLES, Permission

README = Path(__file__).parents[3] / "deploy" / "README.md"


def test_the_example_of_the_readme_is_a_file_of_peers() -> None:
    [example] = re.findall(r"```toml\n(.*?)```", README.read_text(), re.DOTALL)
    peers = parsed_peers(example, ROLES)

    scanner = peers.caller("CT1", "10.1.200.7")
    assert scanner is not None
    assert (scanner.name, scanner.permissions, scanner.tenant) == (
        "CT1",
        frozenset({Permission.WRITE}),
        "radiology",
    )
    assert peers.caller("CT1", "10.2.0.1") is None
    workstation = peers.destination("WORKSTATION")
    assert workstation is not None
    assert (workstation.host, workstation.port, workstation.uses_tls) == ("10.1.2.3", 104, True)
    assert workstation.tenants == frozenset({"radiology"})
    assert peers.destination("CT1") is None
    assert peers.named("WORKSTATION") == workstation


def test_a_star_is_anybody_from_there() -> None:
    peers = parsed_peers('[ANY]\nae_title = "*"\naddresses = ["127.0.0.1"]', ROLES)

    assert peers.caller("WHOEVER", "127.0.0.1") is not None
    assert peers.caller("WHOEVER", "127.0.0.2") is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[CT1", "no TOML"),
        ("port = 1", "stands outside of a"),
        ("[CT1]\nhots = 'a'", "[CT1] hots: not known"),
        ("[CT1]\nport = 70000", "[CT1] port has to be a number from 1 to 65535"),
        ("[CT1]\nroles = ['boss']", "[CT1] roles: boss is none"),
        ("[CT1]\nroles = 'reader'", "[CT1] roles is no list"),
        ("[CT1]\naddresses = ['here']", "[CT1] 'here' does not appear to be"),
        ("[CT1]\nae_title = 'LONGER THAN SIXTEEN'", "[CT1] ae_title has to be 1 to 16 characters"),
        ("[CT1]\ntenant = ''", "[CT1] tenant is no name"),
        ("[CT1]\ntls = 'yes'", "[CT1] tls has to be true or false"),
    ],
)
def test_what_a_file_says_wrong_is_told_with_its_part(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=re.escape(reason)):
        parsed_peers(text, ROLES)
