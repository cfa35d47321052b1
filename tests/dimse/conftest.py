"""The service with both of its front doors."""

from collections.abc import Iterator

import pytest

from tests.serving import Process, process


@pytest.fixture(scope="module")
def pacs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    """Lend the service; nobody is asked who they are."""
    with process(tmp_path_factory.mktemp("pacs") / "data", "--dimse", "0", DICOMWEB_METRICS="on") as running:
        yield running


@pytest.fixture(scope="module")
def port(pacs: Process) -> int:
    """Return where DIMSE is served."""
    assert pacs.dimse_port is not None
    return pacs.dimse_port
