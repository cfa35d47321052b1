"""`dicomweb-service key`: what is made, shown and revoked, and what it opens while the service runs."""

from pathlib import Path

import pytest

from tests.serving import process, run
from tests.waiting import until

PERMITTED, UNKNOWN = 204, 401


def key(data: Path, *arguments: str) -> str:
    """Make a key, and return it."""
    made = run(data, "key", "add", *arguments)
    assert made.returncode == 0, made.stderr
    return made.stdout.strip()


async def test_a_key_opens_a_running_service_until_it_is_revoked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with process(data, DICOMWEB_AUTH="keys") as server:
        secret = key(data, "ci", "--role", "reader")
        headers = {"authorization": f"Bearer {secret}"}
        assert server.client.get("studies", headers=headers).status_code == PERMITTED

        revoked = run(data, "key", "revoke", "ci")

        async def is_unknown() -> bool:
            return server.client.get("studies", headers=headers).status_code == UNKNOWN

        assert revoked.returncode == 0
        assert await until(is_unknown)


def test_keys_are_listed_by_what_they_permit_and_never_by_what_they_are(tmp_path: Path) -> None:
    data = tmp_path / "data"
    secrets = [
        key(data, "ci", "--role", "reader", "--role", "deleter", "--expires", "90d"),
        key(data, "scanner", "--role", "uploader", "--tenant", "radiology"),
    ]
    run(data, "key", "revoke", "ci")

    listed = run(data, "key", "list").stdout

    for shown in ("ci", "reader, deleter", "revoked", "scanner", "uploader", "radiology", "holds"):
        assert shown in listed
    assert not any(secret[4:] in listed for secret in secrets)


def test_a_key_is_nowhere_in_the_folder(tmp_path: Path) -> None:
    data = tmp_path / "data"

    secret = key(data, "ci", "--role", "reader")

    contents = b"".join(path.read_bytes() for path in data.rglob("*") if path.is_file())
    assert b"ci" in contents
    assert secret.encode() not in contents


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("other", "--role", "root"), "no role root: there are admin, deleter, reader, uploader, writer"),
        (("ci", "--role", "reader"), "there is a key of the name ci"),
        (("other", "--role", "reader", "--expires", "soon"), "as in 90d"),
        (("a/b", "--role", "reader"), "a name has 1 to 100 letters"),
        (("other", "--role", "reader", "--tenant", ""), "a name has 1 to 100 letters"),
    ],
)
def test_a_key_that_cannot_be_is_refused_in_a_line(
    tmp_path: Path, arguments: tuple[str, ...], reason: str
) -> None:
    data = tmp_path / "data"
    key(data, "ci", "--role", "reader")

    refused = run(data, "key", "add", *arguments)

    assert refused.returncode == 1
    assert refused.stdout == ""
    [line] = refused.stderr.splitlines()
    assert reason in line


def test_a_name_can_be_taken_again_once_its_key_is_revoked(tmp_path: Path) -> None:
    data = tmp_path / "data"
    first = key(data, "ci", "--role", "reader")
    assert run(data, "key", "revoke", "ci").returncode == 0

    assert key(data, "ci", "--role", "reader") != first
    assert run(data, "key", "revoke", "nobody").returncode == 1


def test_a_setting_adds_roles(tmp_path: Path) -> None:
    added = run(tmp_path / "data", "key", "add", "r2", "--role", "robot", DICOMWEB_ROLES="robot=write")

    assert added.returncode == 0


@pytest.mark.parametrize("setting", ["DICOMWEB_ROLES", "DICOMWEB_AUTH"])
def test_what_is_no_way_to_know_callers_is_refused_at_start(tmp_path: Path, setting: str) -> None:
    refused = run(tmp_path / "data", "serve", "--port", "0", **{setting: "nonsense"})

    assert refused.returncode == 2
    assert setting in refused.stderr
