"""Studies that are given to another tenant: for each of the two, its instances have gone or have come."""

import sqlalchemy as sa

from service.archive.index.engine.locks import locking
from service.archive.index.events.change_notes import Action, note_changes
from service.archive.index.lookups.lookup import find_all
from service.archive.index.owners.labels import forget, label, tenant_of
from service.archive.index.schema.tables import studies
from service.scope import Scope


@locking(lambda _scope, study, _tenant: [study])
def give(connection: sa.Connection, scope: Scope, study: str, tenant: str | None) -> None:
    """Give a study to a tenant, or to nobody; whoever sees it only by its former tenant does so no longer.

    Links to it end. The feed tells its former tenant that its instances went, and its new one that they came;
    who sees the studies of both is told both, in this order.

    Raises:
        StudyNotFound: it is not here, or outside the scope.
    """
    if tenant_of(connection, scope, study) == tenant:
        return
    moved = find_all(connection, scope, study)
    note_changes(connection, ((instance.uids, Action.DELETE, instance.blob) for instance in moved))
    forget(connection, study)
    connection.execute(sa.update(studies).where(studies.c.study_instance_uid == study).values(tenant=tenant))
    label(connection, study, tenant)
    note_changes(connection, ((instance.uids, Action.CREATE, instance.blob) for instance in moved))
