"""Labels of studies: whose they are. Files do not tell it, so that a label outlives a reindex."""

from typing import NamedTuple

import sqlalchemy as sa

from service.archive.index.engine.witness import Witness
from service.archive.index.owners.links import remove_links
from service.archive.index.schema.scoped import within
from service.archive.index.schema.tables import labels, studies
from service.errors import StudyNotFound
from service.scope import EVERYTHING, Scope

# Written once: building a statement costs more than running it.
_LABEL = sa.select(labels.c.tenant).where(labels.c.study_instance_uid == sa.bindparam("study"))
_INSERT = sa.insert(labels)
_TENANT = sa.select(studies.c.tenant).where(studies.c.study_instance_uid == sa.bindparam("study"))


class Owner(NamedTuple):
    """On whose behalf instances are stored.

    Attributes:
        scope: to whose studies they may be added.
        tenant: whose new studies are; None for nobody's.
        witness: notes what is stored; None if nobody does.
    """

    scope: Scope = EVERYTHING
    tenant: str | None = None
    witness: Witness | None = None


NOBODY = Owner()
"""Of what is stored without access control: it may go to all studies, and new ones are nobody's."""


def labelled(connection: sa.Connection, study: str, tenant: str | None) -> str | None:
    """Return whose a new study is, and remember it: the tenant's, or else whose it was before a reindex."""
    if tenant is None:
        return connection.scalar(_LABEL, {"study": study})
    label(connection, study, tenant)
    return tenant


def label(connection: sa.Connection, study: str, tenant: str | None) -> None:
    """Remember whose a study is; None for nobody's."""
    connection.execute(sa.delete(labels).where(labels.c.study_instance_uid == study))
    if tenant is not None:
        connection.execute(_INSERT, {"study_instance_uid": study, "tenant": tenant})


def forget(connection: sa.Connection, study: str) -> None:
    """Forget whose a study was that has gone, and the links to it."""
    label(connection, study, None)
    remove_links(connection, study)


def tenant_of(connection: sa.Connection, scope: Scope, study: str) -> str | None:
    """Return whose a study is; None for nobody's.

    Raises:
        StudyNotFound: it is not here, or outside the scope.
    """
    row = connection.execute(within(_TENANT, scope), {"study": study}).one_or_none()
    if row is None:
        raise StudyNotFound(study)
    tenant: str | None = row[0]
    return tenant
