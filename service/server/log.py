"""The log, on standard error: where something failed, and nothing that belongs to a patient.

What an exception says of itself may be a value of a file or of a URL, so that no traceback ends with it.
Other software says at its debug level what passes through it, and is heard from `warning` on. Python's own
warnings and those of pydicom have values in them, and are not heard.
"""

import logging
import traceback
import warnings
from types import TracebackType
from typing import Any

_OURS = ("service", "uvicorn")
_Raised = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def configure_log(level: str) -> None:
    """Log from this level on."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Discreet("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=max(logging.WARNING, _number(level)), handlers=[handler])
    for name in _OURS:
        logging.getLogger(name).setLevel(_number(level))
    logging.getLogger("pydicom").setLevel(logging.CRITICAL + 1)
    warnings.simplefilter("ignore")


def _number(level: str) -> int:
    return logging.getLevelNamesMapping()[level.upper()]


class _Discreet(logging.Formatter):
    """Leaves out of a record what an exception says of itself."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as text; of asyncio, which describes what failed in many lines, the first one."""
        text = super().format(record)
        return text.partition("\n")[0] if record.name == "asyncio" else text

    def formatException(self, ei: _Raised | Any) -> str:  # noqa: N802 (a method of logging)
        """Return where an exception came from, and its type."""
        kind, _, trace = ei
        return "".join([*traceback.format_tb(trace), kind.__name__ if kind else ""])
