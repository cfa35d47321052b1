"""Instances by their SOP Instance UIDs alone, as DIMSE has them, or by the rows that a search found."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from service.archive.index.lookups.lookup import NAMED, WITH_KEYS, instance_of
from service.archive.index.schema.scoped import within
from service.archive.instance import Instance
from service.scope import Scope


def find_named(connection: sa.Connection, scope: Scope, instance_uids: Collection[str]) -> list[Instance]:
    """Return those that are here, within the scope; several where a UID is used in several studies."""
    rows = connection.execute(within(NAMED, scope), {"instances": list(instance_uids)})
    return [instance_of(row) for row in rows]


def with_keys(connection: sa.Connection, keys: Sequence[int]) -> list[Instance]:
    """Return the instances of these rows, in their order; those that have gone meanwhile are left out."""
    rows = connection.execute(WITH_KEYS, {"keys": list(keys)})
    by_key = {instance.key: instance for instance in map(instance_of, rows)}
    return [by_key[key] for key in keys if key in by_key]
