"""The Warning field of answers: what was asked for and had no say. PS3.18 8.3.4, 8.3.5.1.1."""

import re
from collections.abc import Iterable, Sequence

_MAX_NAMES = 20  # that a warning names
_NAME = re.compile(r"[A-Za-z0-9_.]{1,64}", re.ASCII)  # what a header can hold of what a client wrote


def warning(base_url: str, texts: Iterable[str]) -> str:
    """Return the value of the field that says these texts."""
    return ", ".join(f"299 {base_url}: {text}" for text in texts)


def about_ignored(parameters: Sequence[str]) -> str:
    """Return the text on query parameters that are not known."""
    names = [name for name in dict.fromkeys(parameters) if _NAME.fullmatch(name)][:_MAX_NAMES]
    return f"These parameters are not known and have been ignored: {' '.join(names) or 'unreadable ones'}"
