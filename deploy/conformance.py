"""Makes the tables of CONFORMANCE.md of the code: `python deploy/conformance.py` writes them anew."""

import re
from collections.abc import Iterable
from pathlib import Path

from pydicom._uid_dict import UID_dictionary

from service.dimse.network import failures, statuses
from service.dimse.network.negotiation import FINDS, GETS, MOVES, STORAGE_COMMITMENT, VERIFICATION, is_storage
from service.settings import Settings, variable
from service.transfer_syntaxes import TRANSFER_SYNTAXES

STATEMENT = Path(__file__).parent / "CONFORMANCE.md"
_TABLE = re.compile(r"(<!-- (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)
_AS_BOTH = "SCU, SCP"


def written(text: str) -> str:
    """Return the statement with its tables as the code has them."""
    tables = {
        "services": services(),
        "storage": storage(),
        "transfer syntaxes": transfer_syntaxes(),
        "status words": status_words(),
        "settings": settings(),
    }
    return _TABLE.sub(lambda match: f"{match[1]}{tables[match['name']]}\n{match[3]}", text)


def services() -> str:
    """Return the SOP classes that are no storage, and our role in each."""
    roles = {VERIFICATION: _AS_BOTH, STORAGE_COMMITMENT: "SCP"} | dict.fromkeys(
        (*FINDS, *MOVES, *GETS), "SCP"
    )
    return _table(
        ("SOP class", "UID", "role"), ((_name(uid), f"`{uid}`", role) for uid, role in roles.items())
    )


def storage() -> str:
    """Return the SOP classes of storage that the dictionary has."""
    uids = sorted(
        (uid for uid, (_, kind, *_) in UID_dictionary.items() if "SOP Class" in kind and is_storage(uid)),
        key=lambda uid: _name(uid).casefold(),
    )
    return _table(("SOP class", "UID"), ((_name(uid), f"`{uid}`") for uid in uids))


def transfer_syntaxes() -> str:
    """Return the transfer syntaxes that are accepted for storage."""
    rows = ((each.name, f"`{each.uid}`", "yes" if each.lossy else "") for each in TRANSFER_SYNTAXES.values())
    return _table(("transfer syntax", "UID", "lossy"), rows)


def status_words() -> str:
    """Return the status words that are answered."""
    words: dict[int, str] = {}
    for module in (statuses, failures):
        words |= {
            value: name.replace("_", " ").lower()
            for name, value in vars(module).items()
            if name.isupper() and not name.startswith("_") and isinstance(value, int)
        }
    return _table(("status", "meaning"), ((f"`{word:04X}`", words[word]) for word in sorted(words)))


def settings() -> str:
    """Return the settings of DIMSE, and their defaults."""
    fields = {name: field for name, field in Settings.model_fields.items() if name.startswith("dimse_")}
    rows = ((f"`{variable(name)}`", f"`{field.default}`") for name, field in fields.items())
    return _table(("setting", "default"), ((name, value.replace("`None`", "none")) for name, value in rows))


def _name(uid: str) -> str:
    name, _, _, retired, _ = UID_dictionary[uid]
    return f"{name} (retired)" if retired else name


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


if __name__ == "__main__":
    STATEMENT.write_text(written(STATEMENT.read_text()))
