import csv
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from service import installed
from service.__main__ import app
from tests.builders import ct_image, part10
from tests.serving import process
from tests.web.messages import store, url

FILES = {uid: part10(ct_image(uid)) for uid in ("1.1.1", "1.1.2", "2.1.1")}

HANDSHAKE = {
    "connection": "upgrade",
    "upgrade": "websocket",
    "sec-websocket-version": "13",
    "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def run(data: Path, *arguments: str | Path, **environment: str) -> Result:
    """Run a command to its end, in this process."""
    return CliRunner().invoke(app, [*map(str, arguments)], env={"DICOMWEB_DATA": str(data)} | environment)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Where the service keeps everything."""
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of files to import."""
    folder = tmp_path / "export"
    folder.mkdir()
    for number, file in enumerate(FILES.values()):
        (folder / f"IM{number}").write_bytes(file)
    return folder


def test_importing_says_what_was_stored(data: Path, folder: Path) -> None:
    first = run(data, "import", folder)
    second = run(data, "import", folder)

    assert (first.exit_code, second.exit_code) == (0, 0)
    assert "3 stored" in first.stderr
    assert "3 unchanged" in second.stderr


def test_importing_what_is_refused_says_why_and_fails(data: Path, folder: Path) -> None:
    (folder / "readme.txt").write_text("no DICOM")
    (folder / "other").write_bytes(part10(ct_image("1.1.1", PatientID="P2")))

    result = run(data, "import", folder)

    assert result.exit_code == 1
    assert "3 stored" in result.stderr
    assert "2 refused" in result.stderr
    assert "not a DICOM file" in result.stderr


def test_every_refusal_stands_in_the_report(data: Path, folder: Path, tmp_path: Path) -> None:
    for number in range(5):
        (folder / f'no "DICOM", {number}').write_text("no DICOM")

    result = run(data, "import", folder, "--report", tmp_path / "refused.csv")

    with (tmp_path / "refused.csv").open(newline="") as file:
        refusals = list(csv.DictReader(file))
    assert result.exit_code == 1
    assert [row["path"] for row in refusals] == [str(folder / f'no "DICOM", {n}') for n in range(5)]
    assert all(row["reason"].startswith("not a DICOM file") for row in refusals)


def test_the_report_can_be_lines_of_json_in_the_folder_itself(data: Path, folder: Path) -> None:
    (folder / "readme.txt").write_text("no DICOM")

    run(data, "import", folder, "--report", folder / "refused.jsonl")

    [refusal] = map(json.loads, (folder / "refused.jsonl").read_text().splitlines())
    assert refusal.keys() == {"path", "reason"}
    assert refusal["path"] == str(folder / "readme.txt")


def test_a_report_that_cannot_be_written_is_one_line_before_anything_is_stored(
    data: Path, folder: Path
) -> None:
    result = run(data, "import", folder, "--report", folder / "gone" / "refused.csv")

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"cannot write the report {folder / 'gone' / 'refused.csv'}: No such file or directory"
    ]
    assert not data.exists()


@pytest.mark.parametrize(
    "name",
    [
        *(".DS_Store", "._IM0", "Thumbs.db", "THUMBS.DB", "desktop.ini", "__MACOSX/IM0", ".Trashes/501/IM0"),
        *("DICOMDIR", "disc1/dicomdir", "DICOMDIR.;1"),
    ],
)
def test_what_systems_and_discs_have_beside_the_files_is_passed_over(
    data: Path, folder: Path, name: str
) -> None:
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"no DICOM")

    result = run(data, "import", folder, "--report", folder / "refused.csv")

    assert result.exit_code == 0
    assert "3 stored, 1 passed over" in result.stderr
    assert (folder / "refused.csv").read_text() == "path,reason\n"


def test_a_folder_below_clutter_is_imported_when_it_is_what_is_named(data: Path, folder: Path) -> None:
    named = folder / ".Trashes" / "export"
    named.mkdir(parents=True)
    (named / "IM9").write_bytes(part10(ct_image("1.1.9")))

    assert "1 stored" in run(data, "import", named).stderr


def test_an_import_that_is_stopped_says_how_far_it_came_and_goes_on_when_it_is_run_again(
    data: Path, folder: Path
) -> None:
    for number in range(2000):
        (folder / f"more{number}").write_bytes(part10(ct_image(f"7.1.{number}")))
    command = [sys.executable, "-m", "service", "import", str(folder)]

    with subprocess.Popen(
        command, env=os.environ | {"DICOMWEB_DATA": str(data)}, stderr=subprocess.PIPE, text=True
    ) as stopped:
        while not any(data.rglob("*.dcm")):
            time.sleep(0.01)
        stopped.send_signal(signal.SIGINT)
        _, said = stopped.communicate()
    again = run(data, "import", folder)

    [number] = map(int, re.findall(r"Stopped after (\d+) of 2003 files: run it again to go on", said))
    assert stopped.returncode == 130
    assert f"{number} stored" in said
    assert (again.exit_code, f"{number} unchanged" in again.stderr) == (0, True)
    assert f"{2003 - number} stored" in again.stderr


def test_reindexing_brings_back_a_lost_database(data: Path, folder: Path) -> None:
    run(data, "import", folder)
    for file in data.glob("index.sqlite*"):
        file.unlink()

    result = run(data, "reindex")

    assert (result.exit_code, "3 stored" in result.stderr) == (0, True)
    assert run(data, "verify").exit_code == 0


def test_verifying_finds_a_flipped_byte(data: Path, folder: Path) -> None:
    run(data, "import", folder)
    [victim] = data.rglob("1.1.1.*.dcm")
    content = bytearray(victim.read_bytes())
    content[-1] ^= 1
    victim.write_bytes(content)

    result = run(data, "verify")

    assert result.exit_code == 1
    assert "2 intact" in result.stderr
    assert "1 damaged" in result.stderr


def test_migrating_twice_is_as_good_as_once(data: Path) -> None:
    data.mkdir()

    assert [run(data, "migrate").exit_code for _ in range(2)] == [0, 0]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DICOMWEB_PORT", "eighty"),
        ("DICOMWEB_ON_CONFLICT", "merge"),
        ("DICOMWEB_ROOT", "dicom-web"),
        ("DICOMWEB_PUBLIC_URL", "pacs.example"),
        ("DICOMWEB_CORS_ORIGINS", "viewer.example"),
        ("DICOMWEB_CORS_ORIGINS", "https://viewer.example/"),
        ("DICOMWEB_CORS_ORIGINS", "https://viewer.example,https://other.example/ohif"),
        ("DICOMWEB_CORS_ORIGINS", "https://*.example"),
        ("DICOMWEB_CORS_ORIGINS", "https://viewer.example:99999"),
        ("DICOMWEB_CORS_ORIGINS", "null"),
    ],
)
def test_a_wrong_setting_is_one_line_and_exit_code_2(data: Path, name: str, value: str) -> None:
    result = run(data, "serve", **{name: value})

    assert result.exit_code == 2
    assert len(result.stderr.splitlines()) == 1
    assert result.stderr.startswith(f"{name}: ")
    assert not data.exists()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("DICOMWEB_CORS_ORIGIN", "DICOMWEB_CORS_ORIGINS"),
        ("DICOMWEB_PROT", "DICOMWEB_PORT"),
        ("DICOMWEB_MAX_INSTANCE_SIZE", "DICOMWEB_MAX_INSTANCE_BYTES"),
    ],
)
def test_a_variable_that_is_no_setting_is_named_with_the_nearest(data: Path, name: str, nearest: str) -> None:
    result = run(data, "migrate", **{name: "secret", "DICOMWEB_LOG_LEVEL": "info"})

    assert result.exit_code == 0
    assert result.stderr.splitlines() == [f"{name} is no setting; the nearest is {nearest}"]


@pytest.mark.parametrize("command", ["serve", "import", "reindex", "verify", "migrate", "viewer"])
def test_the_help_of_a_command_tells_its_settings_with_their_defaults(data: Path, command: str) -> None:
    words = " ".join(run(data, command, "--help", COLUMNS="300").stdout.split())

    name, default = ("VIEWER", "viewer") if command == "viewer" else ("DATA", "data")
    assert f"DICOMWEB_{name}, default {default}" in words
    if command == "serve":
        assert "Default: 8080; variable: DICOMWEB_PORT" in words


def test_a_port_in_use_is_one_line_and_exit_code_1(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        result = run(data, "serve", "--port", port)

    assert result.exit_code == 1
    assert result.stderr.startswith(f"cannot listen on 127.0.0.1 port {port}: Address already in use")
    assert len(result.stderr.splitlines()) == 1


def test_the_version_is_told(data: Path) -> None:
    result = run(data, "--version")

    assert (result.exit_code, result.stdout) == (0, f"dicomweb-service {installed.version()}\n")


def test_without_a_command_the_help_names_them_all(data: Path) -> None:
    result = run(data)

    assert all(
        name in result.stdout + result.stderr for name in ("serve", "import", "reindex", "verify", "migrate")
    )


def test_a_server_keeps_what_it_stored_over_a_restart(data: Path) -> None:
    with process(data) as first:
        assert store(first.client, *FILES.values()).status_code == 200
        assert first.stop() in (0, -signal.SIGTERM)

    with process(data) as second:
        for uid, file in FILES.items():
            assert second.client.get(url(uid), headers={"accept": "application/dicom"}).content == file


def test_a_folder_can_be_loaded_before_serving(data: Path, folder: Path) -> None:
    (folder / "readme.txt").write_text("no DICOM")

    with process(data, "--import", folder) as server:
        assert len(server.client.get("instances").json()) == 3
        assert "readme.txt" in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_an_ephemeral_server_leaves_nothing_behind(
    data: Path, folder: Path, tmp_path: Path, number: signal.Signals
) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()

    with process(data, "--ephemeral", "--import", folder, TMPDIR=str(temporary)) as server:
        assert len(server.client.get("studies").json()) == 2
        assert list(temporary.glob("dicomweb-*"))
        server.stop(number)

    assert list(temporary.glob("dicomweb-*")) == []
    assert not data.exists()


def test_the_log_never_holds_what_is_searched_for(data: Path) -> None:
    with process(data, DICOMWEB_LOG_LEVEL="debug") as server:
        server.client.get("studies?PatientName=Wunderlich")
        server.client.get("studies?PatientBirthDate=Wunderlich")
        server.client.get("studies?PatientName=Wunderlich", headers=HANDSHAKE)
        server.stop()

        assert "Wunderlich" not in server.log.read_text()


def _modes(data: Path) -> dict[bool, set[str]]:
    """Return the rights of all folders, and of all files."""
    modes: dict[bool, set[str]] = {True: set(), False: set()}
    for path in (data, *data.rglob("*")):
        modes[path.is_dir()].add(f"{path.stat().st_mode & 0o777:o}")
    return modes


def test_a_new_archive_is_for_its_owner_alone(data: Path) -> None:
    with process(data) as server:
        store(server.client, *FILES.values())

        assert _modes(data) == {True: {"700"}, False: {"600"}}


@pytest.mark.parametrize(
    ("rights", "umask", "folders", "files"),
    [(0o755, 0o022, "755", "644"), (0o750, 0o022, "750", "640"), (0o770, 0o002, "770", "660")],
)
def test_an_archive_in_a_folder_that_is_there_is_for_those_who_may_read_that(
    data: Path, rights: int, umask: int, folders: str, files: str
) -> None:
    data.mkdir()
    data.chmod(rights)
    before = os.umask(umask)

    try:
        with process(data) as server:
            store(server.client, *FILES.values())
            stored = _modes(data / "instances")
    finally:
        os.umask(before)

    assert stored == {True: {folders}, False: {files}}


def test_an_archive_never_gives_more_than_the_umask_leaves(data: Path) -> None:
    data.mkdir(mode=0o755)
    before = os.umask(0o077)

    try:
        with process(data) as server:
            store(server.client, *FILES.values())
            stored = _modes(data / "instances")
    finally:
        os.umask(before)

    assert stored == {True: {"700"}, False: {"600"}}
