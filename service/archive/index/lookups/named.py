"""Several instances: by all their UIDs, by SOP Instance UIDs alone, as DIMSE has them, or by rows."""

from collections.abc import Collection, Iterable, Sequence

import sqlalchemy as sa

from service.archive.index.engine.dialects import IsAmong, list_parameter
from service.archive.index.engine.prepared import Prepared
from service.archive.index.lookups.lookup import COLUMNS, WITH_PARENTS, instance_of
from service.archive.index.schema.scoped import within
from service.archive.index.schema.tables import instances
from service.archive.instance import Instance
from service.dicom.instance import Uids
from service.scope import Scope

_ALL = sa.select(*COLUMNS).select_from(WITH_PARENTS)
_NAMED = _ALL.where(IsAmong(instances.c.sop_instance_uid, sa.bindparam("instances")))
_NAMED_ANYWHERE = Prepared(_NAMED)
_WITH_KEYS = Prepared(_ALL.where(IsAmong(instances.c.id, sa.bindparam("keys"))))


def find_named(connection: sa.Connection, scope: Scope, instance_uids: Collection[str]) -> list[Instance]:
    """Return those that are here, within the scope; several where a UID is used in several studies."""
    values = {"instances": list_parameter(connection, list(instance_uids))}
    return [instance_of(row) for row in connection.execute(within(_NAMED, scope), values)]


def find_some(connection: sa.Connection, scope: Scope, uids: Collection[Uids]) -> dict[Uids, Instance]:
    """Return those of these instances that are here, within the scope."""
    return _among(find_named(connection, scope, [each.instance for each in uids]), uids) if uids else {}


def with_uids(connection: sa.Connection, uids: Collection[Uids]) -> dict[Uids, Instance]:
    """Return those of these instances that are here."""
    values = {"instances": list_parameter(connection, [each.instance for each in uids])}
    return _among(map(instance_of, _NAMED_ANYWHERE.rows(connection, values)), uids)


def with_keys(connection: sa.Connection, keys: Sequence[int]) -> list[Instance]:
    """Return the instances of these rows, in their order; those that have gone meanwhile are left out."""
    rows = _WITH_KEYS.rows(connection, {"keys": list_parameter(connection, keys)})
    by_key = {instance.key: instance for instance in map(instance_of, rows)}
    return [by_key[key] for key in keys if key in by_key]


def _among(matches: Iterable[Instance], uids: Collection[Uids]) -> dict[Uids, Instance]:
    return {match.uids: match for match in matches if match.uids in uids}
