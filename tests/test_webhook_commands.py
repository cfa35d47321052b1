"""`dicomweb-service webhook`: who is called, by whom it may be, and what is shown of it."""

from pathlib import Path

from tests.serving import run

HOSTS = {"DICOMWEB_WEBHOOK_HOSTS": "hooks.example"}


def test_webhooks_are_added_listed_resumed_and_removed(tmp_path: Path) -> None:
    data = tmp_path / "data"

    added = run(data, "webhook", "add", "ours", "https://hooks.example/a", "--tenant", "radiology", **HOSTS)
    again = run(data, "webhook", "add", "ours", "https://hooks.example/a", **HOSTS)
    stranger = run(data, "webhook", "add", "theirs", "https://elsewhere.example/", **HOSTS)
    listed = run(data, "webhook", "list").stdout
    codes = [run(data, "webhook", command, "ours").returncode for command in ("resume", "remove", "remove")]

    assert added.stdout.startswith("whsec_")
    assert added.stdout.strip() not in listed
    assert all(shown in listed for shown in ("ours", "https://hooks.example/a", "radiology", "holds"))
    assert (again.returncode, stranger.returncode) == (1, 1)
    assert "DICOMWEB_WEBHOOK_HOSTS does not name https://elsewhere.example" in stranger.stderr
    assert codes == [0, 0, 1]
