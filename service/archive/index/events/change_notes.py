"""Notes of changes, written in the transaction that changes: one statement for all of a batch."""

from collections.abc import Iterable, Sequence
from enum import Enum

import orjson
import sqlalchemy as sa

from service.archive.index.engine.prepared import Prepared
from service.archive.index.schema.feed_tables import changes
from service.archive.index.schema.tables import studies
from service.dicom.instance import Uids

MAX_OF_A_NOTE = 100
"""Changes in one row, so that whoever wants a few of them does not read endlessly many."""

# Written once: building a statement costs more than running it.
_NOTE = Prepared(
    sa.insert(changes)
    .values(
        study_instance_uid=sa.bindparam("of_study"),
        count=sa.bindparam("number"),
        content=sa.bindparam("listed"),
        tenant=sa.select(studies.c.tenant)
        .where(studies.c.study_instance_uid == sa.bindparam("of_study"))
        .scalar_subquery(),
    )
    .inline()  # nobody wants to know the key
)


class Action(Enum):
    """What has been done to an instance."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


def version_of(uids: Uids, blob: str) -> str:
    """Return what tells files of one instance apart: what stands in the name of the file besides its UID."""
    return blob.rpartition("/")[2].removeprefix(f"{uids.instance}.").removesuffix(".dcm")


def note_changes(connection: sa.Connection, notes: Iterable[tuple[Uids, Action, str]]) -> None:
    """Note changes of instances, whose studies have rows.

    Args:
        connection: in the writing transaction that changes them.
        notes: of each its UIDs, what is done to it, and the file that it has now, or has lost.
    """
    of_study: dict[str, list[Sequence[str]]] = {}
    for uids, action, blob in notes:
        listed = of_study.setdefault(uids.study, [])
        listed.append((uids.series, uids.instance, action.value, version_of(uids, blob)))
    for study, listed in of_study.items():
        for portion in _portions(listed):
            values = {"of_study": study, "number": len(portion), "listed": orjson.dumps(portion)}
            _NOTE.run(connection, values)


def _portions(listed: list[Sequence[str]]) -> Iterable[list[Sequence[str]]]:
    return (listed[start : start + MAX_OF_A_NOTE] for start in range(0, len(listed), MAX_OF_A_NOTE))
