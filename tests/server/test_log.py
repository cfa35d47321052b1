"""What the log tells, and what it keeps to itself: as a process writes it to its standard error."""

import subprocess
import sys

import pytest

SPOKEN = """
import asyncio, logging, sys, warnings
from service.server.log import configure_log

async def fail():
    raise ValueError("Wunderlich")

async def forget():
    task = asyncio.create_task(fail())
    await asyncio.sleep(0)

configure_log(sys.argv[1])
for name in ("uvicorn.error", "service.app", "another"):
    try:
        raise ValueError("Wunderlich") from KeyError("Wunderlich")
    except ValueError:
        logging.getLogger(name).exception("it failed")
logging.getLogger("another").debug("Wunderlich")
logging.getLogger("service").debug("a step")
warnings.warn("Wunderlich")
asyncio.run(forget(), debug=True)
"""


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_a_traceback_tells_where_and_not_what(level: str) -> None:
    process = subprocess.run(
        (sys.executable, "-c", SPOKEN, level), capture_output=True, text=True, timeout=60, check=True
    )

    assert "Wunderlich" not in process.stderr
    assert process.stderr.count("it failed") == 3
    assert process.stderr.count("ValueError") == 3
    assert 'File "<string>", line' in process.stderr
    assert ("a step" in process.stderr) == (level == "debug")
