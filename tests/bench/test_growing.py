from pathlib import Path

import httpx
import pytest

from tests.bench.growing import Growing, extent
from tests.bench.servers import Server


@pytest.fixture
def server(dicomweb: httpx.Client) -> Server:
    """The service of the tests."""
    return Server("ours", str(dicomweb.base_url).rstrip("/"))


def test_an_archive_grows_on_from_where_it_was_left(
    server: Server, dicomweb: httpx.Client, tmp_path: Path
) -> None:
    small, large = extent(30), extent(120)

    first = [stored for stored, _ in Growing(tmp_path / "note").grow(server, small)]
    then = [(stored, figures.requests) for stored, figures in Growing(tmp_path / "note").grow(server, large)]

    assert first == [small.instances]
    assert then == [(large.instances, -(-(large.instances - small.instances) // 50))]
    for series in large.series:
        response = dicomweb.get(f"studies/{series.study.uid}/series/{series.uid}/instances")
        assert len(response.json()) == series.size


def test_an_archive_that_is_refused_does_not_count_as_grown(server: Server, tmp_path: Path) -> None:
    nowhere = Server("ours", f"{server.url}/nowhere")

    with pytest.raises(RuntimeError, match="1 stores failed at 0 instances"):
        list(Growing(tmp_path / "note").grow(nowhere, extent(10)))

    assert Growing(tmp_path / "note").instances == 0
