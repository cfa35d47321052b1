"""Instances by their SOP Instance UIDs alone, as DIMSE refers to them."""

from collections.abc import Collection

import sqlalchemy as sa

from service.archive.index.lookup import NAMED, instance_of
from service.archive.index.scoped import within
from service.archive.instance import Instance
from service.scope import Scope


def find_named(connection: sa.Connection, scope: Scope, instance_uids: Collection[str]) -> list[Instance]:
    """Return those that are here, within the scope; several where a UID is used in several studies."""
    rows = connection.execute(within(NAMED, scope), {"instances": list(instance_uids)})
    return [instance_of(row) for row in rows]
