"""The commands of the benchmark from end to end, with numbers so small that they say nothing about speed."""

import json
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from tests.bench.__main__ import app
from tests.bench.archive import sizes
from tests.ports import reserved_ports


def bench(*arguments: object) -> str:
    """Run a command of the benchmark, and return what it prints."""
    result = CliRunner().invoke(app, list(map(str, arguments)), catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_a_quick_run_prints_a_table_and_keeps_all_figures(tmp_path: Path) -> None:
    results = tmp_path / "results.json"
    only = ("--only", "metadata: instance", "--only", "series, 304", "--only", "16 kB, 1 per")

    printed = bench("run", "--quick", "--seconds", 0.01, *only, "--results", results)

    rows = [line for line in printed.splitlines() if line.startswith("| ")][2:]
    lines = json.loads(results.read_text())["lines"]
    assert [row.split("|")[1].strip() for row in rows] == [line["scenario"] for line in lines]
    assert {line["scenario"] for line in lines} == {
        "metadata: instance", "metadata: series, 304", "store: 16 kB, 1 per request",
    }  # fmt: skip
    assert all(slice_["errors"] == 0 for line in lines for slice_ in line["rounds"]["ours"])


def test_an_archive_is_measured_and_drawn(tmp_path: Path) -> None:
    size = ("--instances", 100, "--seconds", 0.001)

    printed = bench("archive", "--database", "SQLite", *size, "--folder", tmp_path)

    [figures] = json.loads((tmp_path / "results.json").read_text())["databases"]["SQLite"].values()
    assert {figure["errors"] for figure in figures.values()} == {0}
    assert all(name in printed for name in figures)
    assert (tmp_path / "archive.svg").read_text().startswith("<svg")


def test_a_soak_shows_what_grows(tmp_path: Path) -> None:
    printed = bench("soak", "--minutes", 0.01, "--folder", tmp_path)

    assert " 0 errors" in printed
    assert all(
        name in printed for name in ("memory, MB", "file descriptors", "threads", "write-ahead log, MB")
    )
    assert (tmp_path / "soak.svg").exists()


def test_a_server_that_stores_nothing_ends_the_run_with_a_line(dicomweb: httpx.Client) -> None:
    with reserved_ports(1) as [port]:
        nowhere = CliRunner().invoke(app, ["run", "--quick", "--url", f"http://127.0.0.1:{port}/dicom-web"])
    refused = CliRunner().invoke(app, ["run", "--quick", "--url", f"{dicomweb.base_url}nowhere"])

    assert (nowhere.exit_code, refused.exit_code) == (1, 1)
    assert "cannot be reached" in nowhere.stderr
    assert "does not store the corpus" in refused.stderr


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        (300, [300]),
        (10_000, [10_000]),
        (250_000, [10_000, 100_000, 250_000]),
        (1_000_000, [10_000, 100_000, 1_000_000]),
    ],
)
def test_archives_are_measured_at_powers_of_ten(instances: int, expected: list[int]) -> None:
    assert sizes(instances) == expected
